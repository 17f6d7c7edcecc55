import { ledgerCorrupt, ledgerDefect, ledgerUnavailable, type LedgerTrouble } from './ledger-errors.ts';
import { PkiError } from './pki-error.ts';

/** SQLSTATEs (PostgreSQL manual, appendix A), by the longest prefix that fits. */
const UNAVAILABLE: readonly [string, LedgerTrouble][] = [
  ['53100', 'full'],
  ['25006', 'read-only'],
  ['55P03', 'busy'],
  ['57014', 'busy'],
  ['40', 'busy'],
  ['58030', 'input-output'],
  ['28', 'refused'],
  ['42501', 'refused'],
  ['3D000', 'cannot-open'],
  ['08', 'connection'],
  ['53', 'connection'],
  ['57P', 'connection'],
];
const CORRUPT = ['XX001', 'XX002'];

/** Errors of the socket, and of `pg` when the server has gone, carry no SQLSTATE. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
]);
const CONNECTION_MESSAGES =
  /connection terminated|timeout exceeded|client has encountered a connection error/i;

/** An error of `pg` in this room's terms; any that is not of the database comes back as it is. */
export function postgresError(where: string, error: unknown): unknown {
  if (error instanceof PkiError || !(error instanceof Error)) return error;
  const { code = '' } = error as { code?: string };
  if (CONNECTION_CODES.has(code) || CONNECTION_MESSAGES.test(error.message)) {
    return ledgerUnavailable(where, 'connection', error);
  }
  if (!/^[0-9A-Z]{5}$/.test(code)) return error;
  if (CORRUPT.includes(code)) return ledgerCorrupt(where, error);
  const trouble = UNAVAILABLE.find(([prefix]) => code.startsWith(prefix))?.[1];
  return trouble === undefined ? ledgerDefect(where, error) : ledgerUnavailable(where, trouble, error);
}
