import { PkiError } from '../pki-error.ts';

/** Why a ledger cannot be used now, and what to do. */
const CURES = {
  busy: 'end the process that locks it',
  'read-only': 'make it writable, and also its folder or its server',
  full: 'free space on its disk',
  'input-output': 'check its disk',
  'cannot-open': 'fix its path or its permissions',
  lost: 'restore the file, then start the signer again',
  connection: 'start its server, or fix its address',
  connections: 'raise max_connections of its server or the limit of its role, or end other clients',
  tls: "fix its server's certificate, or the certificates that its address names",
  login: "fix the user, the password, or the server's pg_hba.conf",
  rights: 'make the user the owner of the database, or grant all rights there',
  'no-database': 'create the database, or fix its name',
} as const;

export type LedgerTrouble = keyof typeof CURES;

/** `where` names the ledger in the sentence: a path, or a host and database; never a password. */
export function ledgerUnavailable(where: string, reason: LedgerTrouble, cause?: unknown): PkiError {
  const message = `The ledger ${where} cannot be written (${reason}), so nothing is signed: ${CURES[reason]}.`;
  return new PkiError('LEDGER_UNAVAILABLE', message, { reason, cause });
}

export function ledgerCorrupt(where: string, cause: unknown): PkiError {
  const message = `The ledger ${where} is damaged: stop signing, and restore it together with its last checkpoint.`;
  return new PkiError('LEDGER_CORRUPT', message, { cause });
}

/** The ledger was changed by something else than Certline; `what` says where, without a full stop. */
export function altered(what: string): PkiError {
  const message = `The ledger was changed behind its audit log, so nothing is signed: ${what}. Restore the newest copy of the ledger.`;
  return new PkiError('LEDGER_STALE', message, { reason: 'altered' });
}

export function ledgerNewer(where: string): PkiError {
  const message = `The ledger ${where} was written by a later version of Certline: update Certline on this host.`;
  return new PkiError('LEDGER_NEWER', message);
}

/** Only a signer or a command that writes brings a schema up to date. */
export function ledgerOlder(where: string): PkiError {
  const message = `The ledger ${where} was written by an earlier version of Certline: start the signer once to update the ledger.`;
  return new PkiError('LEDGER_OLDER', message);
}

/** The policy decides before the database does, so a constraint that bites is a defect. */
export function ledgerDefect(where: string, cause: unknown): PkiError {
  const message = `The ledger ${where} refused a statement: report this as a defect.`;
  return new PkiError('SIGNER_FAULT', message, { reason: 'constraint', cause });
}

/** A NUL in a text, a number beyond four octets: no statement of ours has such, so it was in a request. */
export function requestInvalid(where: string, cause: unknown): PkiError {
  const message = `A request has a value that the ledger ${where} cannot store: find out who sends such requests.`;
  return new PkiError('REQUEST_INVALID', message, { reason: 'contents', cause });
}

/** The password file of a ledger cannot be used, and why. */
export function passwordUnusable(
  where: string,
  { path, why }: { readonly path: string; readonly why: string },
  cause: unknown,
): PkiError {
  const message = `The password file ${path} of the ledger ${where} cannot be used (${why}), so nothing is signed: make it readable only for its owner.`;
  return new PkiError('LEDGER_UNAVAILABLE', message, { reason: 'login', cause });
}
