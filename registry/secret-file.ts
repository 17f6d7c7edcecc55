import { FileNotPrivateError, readPrivateFile } from '../disk/private-file.ts';
import { errnoOf } from '../disk/errno.ts';
import { plainFileBytes } from '../disk/plain-file.ts';
import { DeviceRegistryError } from './device-registry-error.ts';

/** A credential of AWS with a session token, the longest one, has about 2 KiB. */
const LONGEST_BYTES = 65_536;

const NO_SUCH_FILE =
  'there is no such file. Write the credential into it, with mode 0600, or correct "secretFile" in the configuration';
const NO_PERMISSION =
  'this user has no permission. Make the user of the orchestrator its owner, with mode 0600';
const NO_FILE = 'it is not a file. Correct "secretFile" in the configuration';

/** Why it cannot be read, and what to do. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: NO_SUCH_FILE,
  ENOTDIR: NO_SUCH_FILE,
  EACCES: NO_PERMISSION,
  EPERM: NO_PERMISSION,
  EISDIR: NO_FILE,
  ELOOP: 'its symbolic links lead back to themselves. Correct them',
};

/**
 * A credential of a device registry, in a file that only its owner can read. It is read for each use, so that it can be changed
 * while the line runs. Throws `credentials`.
 */
export function readSecretFile(path: string, name: string): string {
  try {
    // A pipe would never end.
    const length = plainFileBytes(path);
    if (length === undefined) throw unreadable(path, name, NO_FILE);
    if (length > LONGEST_BYTES)
      throw unreadable(
        path,
        name,
        `it has more than ${LONGEST_BYTES} bytes, so it is another file. Correct "secretFile" in the configuration`,
      );
    const bytes = readPrivateFile(path, `the credential of the registry ${name}`);
    const text = bytes.toString('utf8').trim();
    bytes.fill(0);
    if (text === '') throw unreadable(path, name, 'it is empty. Write the credential into it');
    return text;
  } catch (error) {
    if (error instanceof DeviceRegistryError) throw error;
    const { message } = error as Error;
    if (error instanceof FileNotPrivateError) throw new DeviceRegistryError('credentials', message);
    throw unreadable(path, name, UNREADABLE[errnoOf(error) ?? ''] ?? message);
  }
}

/** One that goes into a header as it is, such as an API key. Throws `credentials`. */
export function readSecretLine(path: string, name: string): string {
  const text = readSecretFile(path, name);
  if (/^["'].*["']$/.test(text)) throw unreadable(path, name, 'it is in quotation marks. Remove them');
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  const sentence = `The credential of the registry ${name}, ${path}, is not one text line of letters, digits and signs: write only the credential into the file, without spaces and comments.`;
  throw new DeviceRegistryError('credentials', sentence);
}

function unreadable(path: string, name: string, why: string): DeviceRegistryError {
  const message = `The credential of the registry ${name} cannot be read from ${path}: ${why}.`;
  return new DeviceRegistryError('credentials', message);
}
