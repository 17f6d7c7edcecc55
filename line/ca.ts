import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isThere } from '../disk/is-there.ts';
import { ensurePassphraseFile } from '../disk/passphrase-file.ts';
import { openFactoryCa } from '../pki/ca/open-ca.ts';
import { readCaChain } from '../pki/ca/read-chain.ts';
import { openIssuingCa } from '../pki/ca/issuing-ca.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import { passphraseFromFile } from '../pki/keys/passphrase.ts';
import { PkiError } from '../pki/pki-error.ts';
import { pemBlocks } from '../pki/x509/pem.ts';
import { Pkcs11Signer } from '../pki/signers/pkcs11-signer.ts';
import type { Signer } from '../pki/signers/signer.ts';
import { ConfigError } from './config-error.ts';
import type { LineConfig } from './config.ts';
import { caFolder, caPassphrasePath, pinRefusalPath } from './state-folder.ts';

/** The CA that `ca init` or a demo made, opened with the passphrase of the file. */
export function openLineCa(stateFolder: string, passphraseFile?: string): IssuingCa {
  const passphrase = passphraseFromFile(passphraseFile ?? caPassphrasePath(stateFolder));
  try {
    return openFactoryCa({ directory: caFolder(stateFolder), passphrase });
  } finally {
    passphrase.wipe();
  }
}

/** Where the CA's key is, as configured. */
export type CaKeyConfig = Pick<LineConfig, 'passphraseFile' | 'pkcs11'>;

/** The CA of a line with its key where the configuration says: on a token, or in the encrypted file. */
export async function openConfiguredCa(stateFolder: string, config: CaKeyConfig): Promise<IssuingCa> {
  // Before the passphrase and the token: where there is no CA, neither is what is missing.
  const chain = readCaChain(caFolder(stateFolder));
  const signer = await openTokenSigner(stateFolder, config);
  if (signer === undefined) return openLineCa(stateFolder, config.passphraseFile);
  try {
    return openIssuingCa(signer, chain, new Date());
  } catch (error) {
    await signer.close();
    throw error;
  }
}

/** The signer over the configured token's key; undefined where no token is configured. */
export async function openTokenSigner(
  stateFolder: string,
  { pkcs11 }: CaKeyConfig,
): Promise<Signer | undefined> {
  if (pkcs11 === undefined) return undefined;
  return await Pkcs11Signer.open({ ...pkcs11, refusalFile: pinRefusalPath(stateFolder) });
}

/** A development CA for a line without one: its passphrase is stored beside it, which no production CA's would. */
export async function ensureDemoCa(stateFolder: string): Promise<IssuingCa> {
  const path = caPassphrasePath(stateFolder);
  ensurePassphraseFile(path);
  if (!isThere(caFolder(stateFolder))) {
    const passphrase = passphraseFromFile(path);
    // What makes a CA certificate loads 200 files, and most commands make none.
    const { createCa } = await import('../pki/ca/create-ca.ts');
    await createCa({ directory: caFolder(stateFolder), passphrase, name: 'Certline Demo' });
    passphrase.wipe();
  }
  return openLineCa(stateFolder);
}

/**
 * Our CA certificates, DER, also for a host that has no CA: what makes a board ours. Throws CONFIG_INVALID, and CA_NOT_FOUND
 * where neither a file nor a CA says them.
 */
export function readIssuers(stateFolder: string, issuersFile: string | undefined): Uint8Array[] {
  const folder = caFolder(stateFolder);
  if (issuersFile === undefined) {
    if (isThere(folder)) return readCaChain(folder);
    const message = `There is no CA in ${folder}: at the signer, create it with "certline ca init". On another host, put what "certline ca export chain" prints there into a file, and name it as issuersFile.`;
    throw new PkiError('CA_NOT_FOUND', message);
  }
  try {
    const certificates = pemBlocks('CERTIFICATE', readFileSync(issuersFile));
    if (certificates.length === 0) throw new Error('it has no PEM certificate');
    return certificates.map((der) => Uint8Array.from(new X509Certificate(der).raw));
  } catch (error) {
    const message = `Cannot read the CA certificates in ${issuersFile} (${(error as Error).message}): put what "certline ca export chain" prints at the signer there.`;
    throw new ConfigError('CONFIG_INVALID', message, { cause: error });
  }
}
