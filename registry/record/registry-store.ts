import { DatabaseTroubleError } from '../../sql/database-trouble.ts';
import type { DatabaseTrouble } from '../../sql/database-trouble.ts';
import { SchemaVersionError } from '../../sql/schema-version-error.ts';
import type { Store } from '../../sql/sql-database.ts';
import { RegistryError } from '../registry-error.ts';
import type { RegistryReason } from '../registry-error.ts';
import { registryMigrations } from './migrations.ts';

/** The registry of record, in any database. What fails is thrown as a RegistryError. */
export const REGISTRY: Store = {
  name: 'registry',
  migrations: registryMigrations,
  mainTable: 'units',
  translate: registryError,
  writeLock: 0x43_65_72_75,
  // A person's reason, or a board's word, is no cause for a unit to wait without end.
  nul: 'replaced',
  // A statement may be about every unit of a large lot.
  silenceMs: 60_000,
};

/** What a trouble means for a registry, and what to do. */
const MEANINGS: Readonly<Record<DatabaseTrouble, readonly [RegistryReason, string]>> = {
  busy: ['locked', 'another program writes to it: try again, or end that program'],
  'read-only': [
    'read-only',
    'it is read-only: give the user that runs Certline write permission for it, and for the folder of a file',
  ],
  'input-output': ['disk-error', 'the disk reports an error: check the disk'],
  damaged: ['damaged', 'the registry is damaged: restore it from a backup'],
  full: ['full', 'the disk is full: free some space'],
  'cannot-open': ['cannot-open', 'it cannot be opened: check that the folder exists and is writable'],
  lost: ['lost', 'the file was deleted or replaced: restore it, then start the process again'],
  connection: ['connection', 'its server does not answer: start the server, or fix its address'],
  connections: [
    'connections',
    'its server takes no more connections: raise max_connections of the server or the limit of the role, or end other clients',
  ],
  tls: ['tls', "fix its server's certificate, or the certificates that its address names"],
  login: ['login', "its server refuses the user: fix the user, the password, or the server's pg_hba.conf"],
  rights: [
    'rights',
    'the user lacks rights: make the user the owner of the database, or grant all rights there',
  ],
  'unknown-database': ['no-database', 'there is no such database: create it, or fix its name'],
  constraint: ['constraint', 'it would break a rule of the registry'],
  'no-database': ['damaged', 'it is not a registry: name another file, or restore it from a backup'],
  data: ['unexpected', 'a value cannot be stored'],
  'opened-to-read': ['read-only', 'it was opened to be read'],
  other: ['unexpected', 'see the cause'],
};

function registryError(where: string, error: unknown, trouble: DatabaseTrouble | undefined): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof SchemaVersionError) return versionError(error, where);
  if (error instanceof DatabaseTroubleError && error.passwordFile !== undefined)
    return passwordError(error, error.passwordFile, where);
  const message = error instanceof Error ? error.message : String(error);
  const [reason, remedy] = MEANINGS[trouble ?? 'other'];
  return new RegistryError(reason, `The registry ${where} cannot be used: ${remedy} (${message}).`, error);
}

function passwordError(
  cause: DatabaseTroubleError,
  { path, why }: NonNullable<DatabaseTroubleError['passwordFile']>,
  where: string,
): RegistryError {
  const message = `The password file ${path} of the registry ${where} cannot be used (${why}): make it readable only for its owner.`;
  return new RegistryError('login', message, cause);
}

function versionError(error: SchemaVersionError, where: string): RegistryError {
  if (error.standing === 'newer') {
    const message = `The registry ${where} was written by a later version of Certline (${error.message}): update Certline on this host.`;
    return new RegistryError('newer', message, error);
  }
  const remedy = 'start the factory line (or its orchestrator) once to update it';
  return new RegistryError(
    'older',
    `The registry ${where} was written by an earlier version of Certline: ${remedy}.`,
    error,
  );
}
