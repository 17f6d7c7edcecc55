import { SchemaVersionError } from '../../sql/schema-version-error.ts';
import { sqliteTrouble } from '../../sql/sqlite-trouble.ts';
import type { SqliteTrouble } from '../../sql/sqlite-trouble.ts';
import { RegistryError } from '../registry-error.ts';
import type { RegistryReason } from '../registry-error.ts';

/** What an error of SQLite means for this file, and what to do. */
const MEANINGS: Readonly<Record<SqliteTrouble, readonly [RegistryReason, string]>> = {
  busy: ['locked', 'another program writes to it: try again, or end that program'],
  'read-only': [
    'read-only',
    'it is read-only: give the user that runs Certline write permission for the file and its folder',
  ],
  'input-output': ['disk-error', 'the disk reports an error: check the disk'],
  damaged: ['damaged', 'the file is damaged: restore it from a backup'],
  full: ['full', 'the disk is full: free some space'],
  'cannot-open': ['cannot-open', 'it cannot be opened: check that the folder exists and is writable'],
  constraint: ['constraint', 'it would break a rule of the registry'],
  'no-database': ['damaged', 'it is not a registry: name another file, or restore it from a backup'],
  other: ['unexpected', 'see the cause'],
};

/** Any error as a RegistryError about the registry at `path`; one that is already stays as it is. */
export function registryError(error: unknown, path: string): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof SchemaVersionError) return versionError(error, path);
  const message = error instanceof Error ? error.message : String(error);
  const [reason, remedy] = MEANINGS[sqliteTrouble(error) ?? 'other'];
  return new RegistryError(reason, `The registry ${path} cannot be used: ${remedy} (${message}).`, error);
}

/**
 * As `registryError`, for an error on opening: for one of the file system, the same remedy applies as for one of
 * SQLite.
 */
export function openError(error: unknown, path: string): RegistryError {
  const isKnown = error instanceof SchemaVersionError || sqliteTrouble(error) !== undefined;
  if (isKnown) return registryError(error, path);
  const message = error instanceof Error ? error.message : String(error);
  const remedy = 'check that its folder exists and that the user that runs Certline can write there';
  return new RegistryError('cannot-open', `Cannot open the registry ${path}: ${remedy} (${message}).`, error);
}

function versionError(error: SchemaVersionError, path: string): RegistryError {
  if (error.standing === 'newer') {
    const message = `The registry ${path} was written by a later version of Certline (${error.message}): update Certline on this host.`;
    return new RegistryError('newer', message, error);
  }
  const remedy = 'start the factory line (or its orchestrator) once to update it';
  return new RegistryError(
    'older',
    `The registry ${path} was written by an earlier version of Certline: ${remedy}.`,
    error,
  );
}
