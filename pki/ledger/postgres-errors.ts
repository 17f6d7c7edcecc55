import { ledgerCorrupt, ledgerDefect, ledgerUnavailable } from './ledger-errors.ts';
import type { LedgerTrouble } from './ledger-errors.ts';
import { PkiError } from '../pki-error.ts';

/** SQLSTATEs (PostgreSQL manual, appendix A), by the longest prefix that fits. */
const UNAVAILABLE: readonly [string, LedgerTrouble][] = [
  ['53100', 'full'],
  ['25006', 'read-only'],
  ['55P03', 'busy'],
  ['57014', 'busy'],
  ['40', 'busy'],
  ['58030', 'input-output'],
  ['28', 'login'],
  ['42501', 'rights'],
  ['3D000', 'no-database'],
  ['25P03', 'connection'],
  ['08', 'connection'],
  ['53', 'connection'],
  ['57P', 'connection'],
];
/** A NUL in a text, a number beyond four octets: no statement of ours has such, so it was in a request. */
const DATA_EXCEPTION = '22';
const CORRUPT = ['XX001', 'XX002'];
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Errors of the socket, and of `pg` when the server has gone or says nothing, carry no SQLSTATE. */
const CONNECTION_CODES = new Set([
  'EACCES',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
const MESSAGES: readonly (readonly [RegExp, LedgerTrouble])[] = [
  [
    /connection terminated|timeout exceeded|timeout expired|query read timeout|client has encountered a connection error/i,
    'connection',
  ],
  [/SSL connection/, 'tls'],
  [/^SASL: /, 'login'],
];

/** Node's codes for a certificate that does not verify are OpenSSL's names, or its own. */
const TLS_CODES =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_|INVALID_CA|EPROTO)/;

/** An error of `pg` in this room's terms; any that is not of the database comes back as it is. */
export function postgresError(where: string, error: unknown): unknown {
  if (error instanceof PkiError || !(error instanceof Error)) return error;
  const { code = '' } = error as { code?: string };
  const trouble = outsideTrouble(code, error.message) ?? serverTrouble(code);
  if (trouble !== undefined) return ledgerUnavailable(where, trouble, error);
  if (!SQLSTATE.test(code)) return error;
  if (code.startsWith(DATA_EXCEPTION)) return requestInvalid(where, error);
  return CORRUPT.includes(code) ? ledgerCorrupt(where, error) : ledgerDefect(where, error);
}

function requestInvalid(where: string, cause: unknown): PkiError {
  const message = `A request has a value that the ledger ${where} cannot store: find out who sends such requests.`;
  return new PkiError('REQUEST_INVALID', message, { reason: 'contents', cause });
}

function outsideTrouble(code: string, message: string): LedgerTrouble | undefined {
  if (CONNECTION_CODES.has(code)) return 'connection';
  if (TLS_CODES.test(code)) return 'tls';
  return MESSAGES.find(([words]) => words.test(message))?.[1];
}

function serverTrouble(code: string): LedgerTrouble | undefined {
  if (!SQLSTATE.test(code)) return undefined;
  return UNAVAILABLE.find(([prefix]) => code.startsWith(prefix))?.[1];
}
