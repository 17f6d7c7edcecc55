import { existsSync, readdirSync } from 'node:fs';
import { createDurableFolder } from '../../disk/durable-folder.ts';
import { errnoOf } from '../../disk/errno.ts';
import { PkiError } from '../pki-error.ts';
import { CA_FILES, chainFiles } from './ca-files.ts';

/**
 * Writes the folder of a CA that somebody else's root certified; `keyFile` is the encrypted key unless it is on a
 * token. Throws CA_EXISTS.
 */
export function writeImportedCa(
  directory: string,
  chain: readonly Uint8Array[],
  keyFile: string | undefined,
): void {
  writeCaFolder(directory, {
    ...chainFiles(chain),
    ...(keyFile !== undefined && { [CA_FILES.factoryIcaKey]: keyFile }),
  });
}

/** Writes a CA's folder, all of it or nothing. Throws CA_EXISTS. */
export function writeCaFolder(directory: string, files: Readonly<Record<string, string>>): void {
  try {
    createDurableFolder(directory, files);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw alreadyThere(directory);
    throw error;
  }
}

/** Throws CA_EXISTS where the folder has anything in it. */
export function refuseExistingCa(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0) throw alreadyThere(directory);
}

function alreadyThere(directory: string): PkiError {
  return new PkiError(
    'CA_EXISTS',
    `The folder ${directory} is not empty, and a CA is never overwritten: name another folder.`,
  );
}
