import { PkiError } from '../pki-error.ts';
import { FileNotPrivateError, readPrivateFile } from '../../disk/private-file.ts';
import { SecretBytes } from './secret-bytes.ts';

/** NIST SP 800-63B §3.1.1.2 asks for at least 8; OpenSSL takes no more than 1,024 octets. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 1024;

/**
 * The passphrase in a file that only its owner can read, without the newline at its end. Throws CA_PERMISSIONS when
 * others can read it, PASSPHRASE_INVALID when it is missing, unreadable, or not 8 to 1,024 octets.
 */
export function passphraseFromFile(path: string): SecretBytes {
  const bytes = readOwnFile(path);
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length;
  return checkedPassphrase(new SecretBytes(bytes.subarray(0, end)));
}

/** The passphrase itself, if its length will do. Throws PASSPHRASE_INVALID. */
export function checkedPassphrase(passphrase: SecretBytes): SecretBytes {
  if (passphrase.length >= MIN_LENGTH && passphrase.length <= MAX_LENGTH) return passphrase;
  throw new PkiError(
    'PASSPHRASE_INVALID',
    `The CA passphrase must have ${MIN_LENGTH} to ${MAX_LENGTH} octets.`,
  );
}

function readOwnFile(path: string): Buffer {
  try {
    return readPrivateFile(path, 'the passphrase file');
  } catch (error) {
    if (error instanceof FileNotPrivateError) throw new PkiError('CA_PERMISSIONS', error.message);
    const message = `Cannot read the passphrase file ${path}: create it with mode 600.`;
    throw new PkiError('PASSPHRASE_INVALID', message, { cause: error });
  }
}
