/**
 * What keeps a statement of PostgreSQL from being run; `data` is a value that no column can hold. `connections`: the server answers, and
 * takes no more of them.
 */
export type PostgresTrouble =
  | 'busy'
  | 'read-only'
  | 'input-output'
  | 'damaged'
  | 'full'
  | 'constraint'
  | 'connection'
  | 'connections'
  | 'tls'
  | 'login'
  | 'rights'
  | 'unknown-database'
  | 'data'
  | 'other';

/**
 * SQLSTATEs (PostgreSQL manual, appendix A), by the first prefix that fits. Class 22: a NUL in a text, a number beyond
 * four octets.
 */
const STATES: readonly (readonly [string, PostgresTrouble])[] = [
  ['53100', 'full'],
  ['25006', 'read-only'],
  ['55P03', 'busy'],
  ['57014', 'busy'],
  ['40', 'busy'],
  ['58030', 'input-output'],
  ['28', 'login'],
  ['42501', 'rights'],
  ['3D000', 'unknown-database'],
  ['25P03', 'connection'],
  ['08', 'connection'],
  ['53300', 'connections'],
  ['53', 'connection'],
  ['57P', 'connection'],
  ['XX001', 'damaged'],
  ['XX002', 'damaged'],
  ['22', 'data'],
  ['23', 'constraint'],
];
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
const MESSAGES: readonly (readonly [RegExp, PostgresTrouble])[] = [
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

/** What an error of `pg` means; undefined for any other error. */
export function postgresTrouble(error: unknown): PostgresTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '' } = error as { code?: string };
  if (CONNECTION_CODES.has(code)) return 'connection';
  if (TLS_CODES.test(code)) return 'tls';
  const told = MESSAGES.find(([words]) => words.test(error.message));
  if (told !== undefined) return told[1];
  if (!SQLSTATE.test(code)) return undefined;
  return STATES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'other';
}
