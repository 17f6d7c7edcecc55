import { SchemaVersionError } from '../../sql/schema-version-error.ts';
import { sqliteTrouble } from '../../sql/sqlite-trouble.ts';
import type { SqliteTrouble } from '../../sql/sqlite-trouble.ts';
import { RegistryError } from '../registry-error.ts';
import type { RegistryReason } from '../registry-error.ts';

/** What SQLite's trouble means for the file at hand, and the cure. */
const MEANINGS: Readonly<Record<SqliteTrouble, readonly [RegistryReason, string]>> = {
  busy: ['locked', 'another program is writing to it; try again, or end that program'],
  'read-only': [
    'read-only',
    'it is read-only; give the user that runs Certline write permission on file and folder',
  ],
  'input-output': ['disk-error', 'the disk reports an error; check the disk'],
  damaged: ['damaged', 'the file is damaged; restore it from a backup'],
  full: ['full', 'the disk is full; free some space'],
  'cannot-open': ['cannot-open', 'it cannot be opened; check that the folder exists and may be written'],
  constraint: ['constraint', 'it would break a rule of the registry'],
  'no-database': ['damaged', 'it is not a registry; name another file, or restore it from a backup'],
  other: ['unexpected', 'see the cause'],
};

/** Any error as a RegistryError about the registry at `path`; one that is already stays as it is. */
export function registryError(error: unknown, path: string): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof SchemaVersionError) return versionError(error, path);
  const message = error instanceof Error ? error.message : String(error);
  const [reason, cure] = MEANINGS[sqliteTrouble(error) ?? 'other'];
  return new RegistryError(reason, `The registry ${path} refuses: ${cure} (${message}).`, error);
}

/** As `registryError`, for an error on opening: one of the file system has the same cure as one of SQLite. */
export function openError(error: unknown, path: string): RegistryError {
  const isKnown = error instanceof SchemaVersionError || sqliteTrouble(error) !== undefined;
  if (isKnown) return registryError(error, path);
  const message = error instanceof Error ? error.message : String(error);
  const cure = 'check that its folder exists and that the user that runs Certline may write there';
  return new RegistryError('cannot-open', `Cannot open the registry ${path}: ${cure} (${message}).`, error);
}

function versionError(error: SchemaVersionError, path: string): RegistryError {
  if (error.standing === 'newer') {
    const message = `The registry ${path} was written by a newer Certline (${error.message}): update this one.`;
    return new RegistryError('newer', message, error);
  }
  const cure = 'start the line (or its orchestrator) once, which brings it up to date';
  return new RegistryError(
    'older',
    `The registry ${path} was written by an earlier Certline: ${cure}.`,
    error,
  );
}
