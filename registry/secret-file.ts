import { FileNotPrivateError, readPrivateFile } from '../disk/private-file.ts';
import { errnoOf } from '../disk/errno.ts';
import { DeviceRegistryError } from './device-registry-error.ts';

/**
 * A credential of a device registry, in a file that only its owner can read. It is read for each use, so that it can be changed
 * while the line runs. Throws `credentials`.
 */
export function readSecretFile(path: string, name: string): string {
  try {
    const bytes = readPrivateFile(path, `the credential of the registry ${name}`);
    const text = bytes.toString('utf8').trim();
    bytes.fill(0);
    if (text === '') throw new Error('it is empty');
    return text;
  } catch (error) {
    const { message } = error as Error;
    const sentence = `The credential of the registry ${name}, ${path}, cannot be read (${errnoOf(error) ?? message}): put it there with mode 0600.`;
    throw new DeviceRegistryError('credentials', error instanceof FileNotPrivateError ? message : sentence);
  }
}

/** One that goes into a header as it is, such as an API key. Throws `credentials`. */
export function readSecretLine(path: string, name: string): string {
  const text = readSecretFile(path, name);
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  const sentence = `The credential of the registry ${name}, ${path}, is not one text line of letters, digits and signs: write only the credential into the file, without spaces and comments.`;
  throw new DeviceRegistryError('credentials', sentence);
}
