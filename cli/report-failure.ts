import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import { CommandError, EXIT_STATUS } from './exit-status.ts';
import type { ExitReason } from './exit-status.ts';

/** Codes of the rooms' errors that a command may end with; what is not here follows from whose fault it is. */
const REASON_OF_CODE: Readonly<Record<string, ExitReason>> = {
  CONFIG_NOT_FOUND: 'configuration',
  CONFIG_INVALID: 'configuration',
  PROFILE_INVALID: 'configuration',
  LINE_RUNNING: 'lineRunning',
  LINE_NOT_RUNNING: 'lineNotRunning',
  SMP_INVALID_ARGUMENT: 'usage',
  SMP_CANCELLED: 'interrupted',
  LINK_NOT_FOUND: 'portMissing',
  LINK_BUSY: 'portBusy',
  LINK_DENIED: 'portDenied',
  CA_EXISTS: 'caMissing',
  CA_NOT_FOUND: 'caMissing',
  CA_INCONSISTENT: 'caMissing',
  CA_PERMISSIONS: 'passphrase',
  PASSPHRASE_INVALID: 'passphrase',
  PASSPHRASE_WRONG: 'passphrase',
  TOKEN_PIN_REFUSED: 'passphrase',
  ORDER_UNKNOWN: 'unknown',
  ORDER_INVALID: 'orderRefused',
  ORDER_NOT_OPEN: 'orderRefused',
  ORDER_EXPIRED: 'orderRefused',
  ORDER_CLOSED: 'orderRefused',
  ORDER_MISMATCH: 'orderRefused',
  VERIFIER_KEY_INVALID: 'configuration',
  STATION_KEY_INVALID: 'configuration',
  STATION_UNKNOWN: 'unknown',
  STATION_REVOKED: 'refused',
  LEDGER_UNAVAILABLE: 'disk',
  LEDGER_CORRUPT: 'disk',
  LEDGER_NEWER: 'disk',
  LEDGER_OLDER: 'disk',
  LEDGER_STALE: 'auditBroken',
  AUDIT_KEY_INVALID: 'signer',
  CRL_INVALID: 'refused',
  CRL_EXPIRED: 'refused',
  DER_MALFORMED: 'refused',
  REGISTRY_UNAVAILABLE: 'disk',
  STATION_DISK: 'disk',
  ENOSPC: 'disk',
  ERR_SQLITE_ERROR: 'disk',
  EROFS: 'disk',
  EACCES: 'disk',
  EDQUOT: 'disk',
  MANIFEST_UNREADABLE: 'unknown',
  MANIFEST_STORE_FAILED: 'disk',
  MANIFEST_ANSWER_FAILED: 'disk',
  MANIFEST_INBOX_FAILED: 'disk',
};

/** One line with the cure on standard error; returns the exit status. A stack is shown for what Certline does not know. */
export function reportFailure(error: unknown): number {
  const reason = reasonOf(error);
  const text =
    reason === 'defect' && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`certline: ${text}\n`);
  return EXIT_STATUS[reason].status;
}

/** Which exit status an error stands for: by its code, else by whose fault the failure table says it is. */
export function reasonOf(error: unknown): ExitReason {
  if (error instanceof CommandError) return error.reason;
  if (!(error instanceof Error)) return 'defect';
  if (error.name === 'AbortError') return 'interrupted';
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return 'defect';
  const known = REASON_OF_CODE[code];
  if (known) return known;
  if (code.startsWith('TEMPORAL_')) return 'server';
  if (!isFailureCode(code)) return 'defect';
  switch (FAILURES[code].blame) {
    case 'unit':
    case 'station':
    case 'operator':
      return 'board';
    case 'signer':
      return 'signer';
    case 'registry':
      return 'disk';
    case 'manifest':
      return 'manifestRefused';
  }
}

/** Errors of the system that reach a command as they are: their words say what, these say how to mend it. */
const CURES: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space, then start again: it goes on where it was',
  EDQUOT: 'free some space, then start again: it goes on where it was',
  EROFS: 'the disk is read-only: make it writable, or name another folder with --state',
  EACCES: 'let the user who runs Certline write there, or name another folder with --state',
  ERR_SQLITE_ERROR:
    'a database cannot be used: look whether its disk is full, read-only or broken, then start again',
};

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const cure = typeof code === 'string' ? CURES[code] : undefined;
  return cure === undefined ? error.message : `${error.message}: ${cure}.`;
}
