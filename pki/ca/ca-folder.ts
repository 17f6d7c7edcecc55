import { X509Certificate, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeFactoryIcaCertificate, makeRootCertificate } from './ca-certificate.ts';
import type { CaName } from './ca-certificate.ts';
import { certificatesIn } from '../x509/certificate-file.ts';
import { ceremonyTranscript } from './ceremony-transcript.ts';
import { createDurableFolder } from '../../disk/durable-folder.ts';
import { errnoOf } from '../../disk/errno.ts';
import { FileNotPrivateError, readPrivateFile } from '../../disk/private-file.ts';
import { decryptPrivateKey, encryptPrivateKey } from '../keys/encrypted-key.ts';
import { openIssuingCa } from './issuing-ca.ts';
import type { IssuingCa } from './issuing-ca.ts';
import { checkedPassphrase } from '../keys/passphrase.ts';
import { pemOf } from '../x509/pem.ts';
import { PkiError } from '../pki-error.ts';
import type { SecretBytes } from '../keys/secret-bytes.ts';
import type { Signer } from '../signers/signer.ts';
import { SoftwareSigner } from '../signers/software-signer.ts';

/** The files of a CA's folder. `chain.pem` holds the factory ICA, then the root: `openssl verify -CAfile` takes it. */
export const CA_FILES = {
  root: 'root.pem',
  rootKey: 'root.key.pem',
  factoryIca: 'factory-ica.pem',
  factoryIcaKey: 'factory-ica.key.pem',
  intermediates: 'intermediates.pem',
  chain: 'chain.pem',
  ceremony: 'ceremony.txt',
} as const;

/** Leaves room for " Factory ICA " and the generation within the 64 characters of a common name. */
const MAX_NAME_LENGTH = 40;

/** Where a CA is, and the passphrase that opens its keys. */
export interface CaLocation {
  readonly directory: string;
  readonly passphrase: SecretBytes;
}

/**
 * Makes a root and a factory ICA under it in a folder of their own, keys encrypted, valid without end, named for `name`
 * and a generation of 8 hex digits: clouds tell CAs apart by subject. Both keys in one folder is for development; a
 * production root is kept elsewhere. Throws CA_EXISTS, PASSPHRASE_INVALID, PROFILE_INVALID for the name.
 */
export async function createDevelopmentCa(
  options: CaLocation & {
    readonly name: string;
    readonly now?: Date;
    /** Holds the factory CA's key, which is then no file. */
    readonly icaSigner?: Signer;
    /** Another folder for the root's key, to be taken away. */
    readonly rootDirectory?: string;
  },
): Promise<void> {
  const { directory, now = new Date(), icaSigner, rootDirectory } = options;
  const passphrase = checkedPassphrase(options.passphrase);
  for (const folder of [directory, rootDirectory ?? directory]) refuseExisting(folder);
  const names = namesOf(options.name);
  const [rootKey, icaKey] = [newKey(), newKey()];
  const [root, ica] = [
    new SoftwareSigner('root', rootKey),
    icaSigner ?? new SoftwareSigner('factory-ica', icaKey),
  ];
  const rootCertificate = await makeRootCertificate(names.root, root, now);
  const icaCertificate = await makeFactoryIcaCertificate(names, { root, icaSpki: ica.spki }, now);
  openIssuingCa(ica, [icaCertificate, rootCertificate], now);
  const chain = [icaCertificate, rootCertificate];
  const files = chainFiles(chain);
  const rootKeyFile = { [CA_FILES.rootKey]: encryptPrivateKey(rootKey, passphrase) };
  if (rootDirectory !== undefined)
    writeFolder(rootDirectory, { [CA_FILES.root]: files[CA_FILES.root]!, ...rootKeyFile });
  const keys = {
    root: rootDirectory === undefined ? `encrypted, ${CA_FILES.rootKey} beside this` : 'encrypted, elsewhere',
    factoryCa: icaSigner === undefined ? `encrypted, ${CA_FILES.factoryIcaKey} beside this` : icaSigner.id,
  };
  writeFolder(directory, {
    ...files,
    ...(rootDirectory === undefined && rootKeyFile),
    ...(icaSigner === undefined && { [CA_FILES.factoryIcaKey]: encryptPrivateKey(icaKey, passphrase) }),
    [CA_FILES.ceremony]: ceremonyTranscript({ begun: now, ended: new Date(), chain, keys, files }),
  });
}

/**
 * Writes the folder of a CA that another's root certified; `keyFile` is the encrypted key unless it is on a token. Throws
 * CA_EXISTS.
 */
export function writeImportedCa(
  directory: string,
  chain: readonly Uint8Array[],
  keyFile: string | undefined,
): void {
  writeFolder(directory, {
    ...chainFiles(chain),
    ...(keyFile !== undefined && { [CA_FILES.factoryIcaKey]: keyFile }),
  });
}

/** A name for a new factory CA of this organisation, with a generation of its own. Throws PROFILE_INVALID. */
export function newFactoryIcaName(organization: string): CaName {
  return namesOf(organization).ica;
}

/** The public files of a chain, from the factory CA up to the root. */
function chainFiles(chain: readonly Uint8Array[]): Record<string, string> {
  const pems = chain.map((der) => pemOf('CERTIFICATE', der));
  const between = pems.slice(1, -1);
  return {
    [CA_FILES.factoryIca]: pems[0]!,
    ...(between.length > 0 && { [CA_FILES.intermediates]: between.join('') }),
    [CA_FILES.root]: pems.at(-1)!,
    [CA_FILES.chain]: pems.join(''),
  };
}

/**
 * The factory ICA of a folder, ready to sign. Throws CA_NOT_FOUND, CA_PERMISSIONS when others can read the key,
 * PASSPHRASE_WRONG, CA_INCONSISTENT when the files do not belong together, CA_UNAVAILABLE outside its time.
 */
export function loadFactoryIca({
  directory,
  passphrase,
  now = new Date(),
}: CaLocation & { now?: Date }): IssuingCa {
  const chain = readCaChain(directory);
  const keyPath = join(directory, CA_FILES.factoryIcaKey);
  const pem = readCaFile(directory, CA_FILES.factoryIcaKey, (path) =>
    readPrivateFile(path, 'the CA key').toString('ascii'),
  );
  return openIssuingCa(
    new SoftwareSigner('factory-ica', decryptPrivateKey(pem, passphrase, keyPath)),
    chain,
    now,
  );
}

/** The certificates from the factory ICA up to the root, DER; needs no key. Throws CA_NOT_FOUND, CA_INCONSISTENT. */
export function readCaChain(directory: string): Uint8Array[] {
  const between = existsSync(join(directory, CA_FILES.intermediates)) ? [CA_FILES.intermediates] : [];
  return [CA_FILES.factoryIca, ...between, CA_FILES.root].flatMap((name) => {
    const pem = readCaFile(directory, name);
    try {
      return certificatesIn(Buffer.from(pem)).map((der) => Uint8Array.from(new X509Certificate(der).raw));
    } catch (error) {
      const message = `The CA's file ${join(directory, name)} is no certificate: restore it from a backup.`;
      throw new PkiError('CA_INCONSISTENT', message, { cause: error });
    }
  });
}

function readCaFile(
  directory: string,
  name: string,
  read: (path: string) => string = (path) => readFileSync(path, 'ascii'),
): string {
  const path = join(directory, name);
  try {
    return read(path);
  } catch (error) {
    if (error instanceof FileNotPrivateError) throw new PkiError('CA_PERMISSIONS', error.message);
    const message = `There is no CA file ${path}: make the CA with "certline ca init", or mend the path.`;
    throw new PkiError('CA_NOT_FOUND', message, { cause: error });
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

function namesOf(name: string): { root: CaName; ica: CaName } {
  if (!/^[\p{L}\p{N}](?:[\p{L}\p{N} .,&()-]*[\p{L}\p{N}.)])?$/u.test(name) || name.length > MAX_NAME_LENGTH) {
    const message = `The CA's name must be 1 to ${MAX_NAME_LENGTH} letters, digits, spaces and . , & ( ) - only.`;
    throw new PkiError('PROFILE_INVALID', message, { reason: 'ca-name' });
  }
  const generation = randomBytes(4).toString('hex').toUpperCase();
  const named = (role: string): CaName => ({
    organization: name,
    commonName: `${name} ${role} ${generation}`,
  });
  return { root: named('Root CA'), ica: named('Factory ICA') };
}

function refuseExisting(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0) throw alreadyThere(directory);
}

function writeFolder(directory: string, files: Readonly<Record<string, string>>): void {
  try {
    createDurableFolder(directory, files);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw alreadyThere(directory);
    throw error;
  }
}

function alreadyThere(directory: string): PkiError {
  return new PkiError(
    'CA_EXISTS',
    `The folder ${directory} is not empty: a CA is never overwritten, name another.`,
  );
}
