import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { writeImportedCa } from '../../pki/ca/write-ca.ts';
import { decryptPrivateKey, encryptPrivateKey } from '../../pki/keys/encrypted-key.ts';
import { chainOfKey } from '../../pki/ca/imported-chain.ts';
import { openIssuingCa } from '../../pki/ca/issuing-ca.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { SoftwareSigner } from '../../pki/signers/software-signer.ts';
import { PkiError } from '../../pki/pki-error.ts';
import type { Signer } from '../../pki/signers/signer.ts';
import { openTokenSigner } from '../../line/ca.ts';
import { caFolder, caRequestFolder } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';
import { choosePassphraseFile, sayBeside } from './init-ca.ts';
import type { Invocation } from '../invocation.ts';
import { readCertificateFile } from '../cert/read-certificate-file.ts';
import { showCa } from './show-ca.ts';
import { printLine } from '../terminal/stdout.ts';

export interface ImportCaOptions {
  readonly key?: string;
  readonly keyPassphraseFile?: string;
  readonly json?: boolean;
}

const KEY: Wanted = { content: 'the encrypted key of the factory CA, PKCS#8 in PEM', maxBytes: 2 ** 20 };

/** The key that the imported CA will sign with, and its file's text where it is one. */
interface ImportedKey {
  readonly signer: Signer;
  readonly keyFile?: string;
}

/**
 * `certline ca import`: makes the CA of this line out of certificates and the key on the token, of `ca csr`, or of a
 * file. Throws CA_INCONSISTENT when they do not make a factory CA, CA_EXISTS, PASSPHRASE_WRONG, TOKEN_PIN_REFUSED.
 */
export async function importCa(
  invocation: Invocation,
  file: string,
  options: ImportCaOptions,
): Promise<void> {
  const { stateFolder } = invocation;
  const certificates = readCertificateFile(file);
  const { signer, keyFile } = await importedKey(invocation, options);
  try {
    const chain = chainIn(file, certificates, signer);
    openIssuingCa(signer, chain, new Date());
    await signer.probe();
    writeImportedCa(caFolder(stateFolder), chain, keyFile);
  } finally {
    await signer.close();
  }
  rmSync(caRequestFolder(stateFolder), { recursive: true, force: true });
  await showCa(stateFolder, options);
}

function chainIn(file: string, certificates: readonly Uint8Array[], signer: Signer): Uint8Array[] {
  try {
    return chainOfKey(certificates, signer.spki);
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'DER_MALFORMED') throw error;
    const message = `The file ${file} holds something else than certificates (${error.message}) Give that of the factory CA and all above it.`;
    throw new CommandError('refused', message, { cause: error });
  }
}

async function importedKey(
  { stateFolder, config }: Invocation,
  options: ImportCaOptions,
): Promise<ImportedKey> {
  const token = await openTokenSigner(stateFolder, config);
  if (token !== undefined) return { signer: token };
  const own = join(caRequestFolder(stateFolder), CA_FILES.factoryIcaKey);
  const path = options.key ?? own;
  if (!existsSync(path)) throw existsSync(caFolder(stateFolder)) ? caExists(stateFolder) : noKey(path);
  const passphrase = passphraseFromFile(
    choosePassphraseFile(stateFolder, config.passphraseFile, options.json ? sayBeside : printLine),
  );
  const opening =
    options.keyPassphraseFile === undefined ? passphrase : passphraseFromFile(options.keyPassphraseFile);
  try {
    const privateKey = decryptPrivateKey(readGivenFile(path, KEY).toString('ascii'), opening, path);
    return {
      signer: new SoftwareSigner('factory-ica', privateKey),
      keyFile: encryptPrivateKey(privateKey, passphrase),
    };
  } finally {
    passphrase.wipe();
    opening.wipe();
  }
}

function caExists(stateFolder: string): PkiError {
  const message = `There is a CA in ${caFolder(stateFolder)} already, and one is never overwritten: name another --state.`;
  return new PkiError('CA_EXISTS', message);
}

function noKey(path: string): CommandError {
  const message = `There is no key ${path}: make one with "certline ca csr", name one with --key, or configure the token.`;
  return new CommandError('caMissing', message);
}
