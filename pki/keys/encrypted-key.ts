import { createCipheriv, createPrivateKey, randomBytes, scryptSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { DER_TAG } from '../x509/der-reader.ts';
import { derElement, derInteger, derSequence } from '../x509/der-writer.ts';
import { pemOf } from '../x509/pem.ts';
import { PkiError } from '../pki-error.ts';
import type { SecretBytes } from './secret-bytes.ts';

/** 1.2.840.113549.1.5.13, 1.3.6.1.4.1.11591.4.11 and 2.16.840.1.101.3.4.1.42, as whole elements. */
const PBES2 = Buffer.from('06092a864886f70d01050d', 'hex');
const SCRYPT = Buffer.from('06092b06010401da47040b', 'hex');
const AES_256_CBC = Buffer.from('060960864801650304012a', 'hex');

/**
 * scrypt of 16 MiB, five times: OWASP's equivalent of 128 MiB once, and the most memory that OpenSSL takes while
 * reading a key (its limit is 32 MiB, N = 2^15 already exceeds it). About 0.2 s.
 */
const COST = { N: 2 ** 14, r: 8, p: 5 };
const KEY_LENGTH = 32;

/**
 * The key as an encrypted PKCS#8 file in PEM (RFC 5958, PBES2 with scrypt of RFC 7914 §7.1), which openssl reads.
 * Node's own export would use PBKDF2 with 2,048 iterations.
 */
export function encryptPrivateKey(privateKey: KeyObject, passphrase: SecretBytes): string {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const plain = privateKey.export({ format: 'der', type: 'pkcs8' });
  const key = passphrase.use((bytes) => scryptSync(bytes, salt, KEY_LENGTH, { ...COST, maxmem: 2 ** 26 }));
  try {
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
    const envelope = derSequence(algorithmOf(salt, iv), derElement(DER_TAG.octetString, encrypted));
    return pemOf('ENCRYPTED PRIVATE KEY', envelope);
  } finally {
    plain.fill(0);
    key.fill(0);
  }
}

/**
 * The private key in an encrypted PKCS#8 file; `where` names it in the error. Throws PASSPHRASE_WRONG, or
 * CA_INCONSISTENT when the file is something else.
 */
export function decryptPrivateKey(pem: string, passphrase: SecretBytes, where: string): KeyObject {
  if (!pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) {
    throw new PkiError(
      'CA_INCONSISTENT',
      `${where} is not an encrypted private key: restore it from a backup.`,
    );
  }
  try {
    return passphrase.use((bytes) =>
      createPrivateKey({ key: pem, format: 'pem', passphrase: viewOf(bytes) }),
    );
  } catch (error) {
    if (error instanceof PkiError) throw error;
    const message = `The passphrase does not decrypt ${where}: give the one that it was created with.`;
    throw new PkiError('PASSPHRASE_WRONG', message, { cause: error });
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function algorithmOf(salt: Uint8Array, iv: Uint8Array): Uint8Array {
  const kdf = derSequence(
    SCRYPT,
    derSequence(
      derElement(DER_TAG.octetString, salt),
      derInteger(COST.N),
      derInteger(COST.r),
      derInteger(COST.p),
      derInteger(KEY_LENGTH),
    ),
  );
  const cipher = derSequence(AES_256_CBC, derElement(DER_TAG.octetString, iv));
  return derSequence(PBES2, derSequence(kdf, cipher));
}
