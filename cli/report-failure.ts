import type { ConfigCode } from '../line/config-error.ts';
import type { FixtureCode } from '../fixtures/fixture-error.ts';
import type { ManifestErrorCode } from '../manifests/manifest-error.ts';
import type { MonitorAddressError } from '../monitoring/monitor-server.ts';
import type { PkiCode } from '../pki/pki-error.ts';
import { remedyOf } from '../disk/remedy.ts';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import type { ExitReason } from '../provisioning/exit-status.ts';
import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';
import { PayloadKeysError } from '../temporal/codec/payload-keys.ts';
import { printable } from '../provisioning/printable.ts';
import type { SimulatorErrorCode } from '../simulator/simulator-error.ts';
import type { SmpErrorCode } from '../smp/smp-error.ts';
import { CommandError } from './exit-status.ts';
import { columnsOf } from './terminal/stdout.ts';
import { wrapped } from './terminal/wrap.ts';

/** Codes of the rooms' errors that no unit can meet: the rest of them are rows of the failure table. */
type CommandCode = Exclude<
  | FixtureCode
  | PkiCode
  | SmpErrorCode
  | ConfigCode
  | ManifestErrorCode
  | MonitorAddressError['code']
  | SimulatorErrorCode,
  FailureCode
>;

/** With which status a command ends that meets one of them. */
const EXIT_OF_CODE: Record<CommandCode, ExitReason> = {
  CONFIG_NOT_FOUND: 'configuration',
  CONFIG_INVALID: 'configuration',
  MONITOR_ADDRESS: 'configuration',
  LINE_RUNNING: 'lineRunning',
  LINE_NOT_RUNNING: 'lineNotRunning',
  SMP_INVALID_ARGUMENT: 'usage',
  SMP_CANCELLED: 'interrupted',
  SMP_CLOSED: 'defect',
  KEY_STAYS: 'refused',
  CA_EXISTS: 'refused',
  CA_NOT_FOUND: 'caMissing',
  CA_INCONSISTENT: 'caMissing',
  CA_PERMISSIONS: 'passphrase',
  PASSPHRASE_INVALID: 'passphrase',
  PASSPHRASE_WRONG: 'passphrase',
  KEY_FILE_INVALID: 'defect',
  VERIFIER_KEY_INVALID: 'configuration',
  ROLE_KEY_INVALID: 'keysExposed',
  STATION_KEY_INVALID: 'configuration',
  AUDIT_KEY_INVALID: 'signer',
  ISSUANCE_UNKNOWN: 'defect',
  LEDGER_OLDER: 'disk',
  CRL_INVALID: 'refused',
  CRL_EXPIRED: 'refused',
  DER_MALFORMED: 'refused',
  MANIFEST_STORE_FAILED: 'disk',
  MANIFEST_ANSWER_FAILED: 'disk',
  MANIFEST_INBOX_FAILED: 'disk',
  MANIFEST_INBOX_TAKEN: 'lineRunning',
  MANIFEST_ORDER_UNASKED: 'lineNotRunning',
  SIMULATOR_CONFIG_INVALID: 'configuration',
  SIMULATOR_DIRECTORY_IN_USE: 'lineRunning',
  SIMULATOR_NO_SUCH_PLACE: 'defect',
  SIMULATOR_PTY_UNAVAILABLE: 'configuration',
};

const SQLITE_REMEDY =
  'a database cannot be used: check whether its disk is full, read-only or broken, then start again';

/**
 * One line with what to do on standard error; returns the exit status. A stack is shown for what Certline does not
 * know.
 */
export function reportFailure(error: unknown): number {
  const reason = reasonOf(error);
  const text =
    reason === 'defect' && error instanceof Error ? (error.stack ?? error.message) : sentenceOf(error);
  // Names of files, and what is in them, can come from strangers.
  const shown = text.split('\n').map(printable).join('\n');
  process.stderr.write(`${wrapped(`certline: ${shown}`, columnsOf(process.stderr)).join('\n')}\n`);
  return EXIT_STATUS[reason].status;
}

/** An error that nothing catches ends the process with its own status: that of Node, 1, means something else here. */
export function reportUncaught(): void {
  process.on('uncaughtException', (error) => process.exit(reportFailure(error)));
}

/** The exit status that an error stands for. An error without a code that Certline knows is a defect. */
export function reasonOf(error: unknown): ExitReason {
  if (error instanceof CommandError) return error.reason;
  if (!(error instanceof Error)) return 'defect';
  if (error.name === 'AbortError') return 'interrupted';
  if (error instanceof PayloadKeysError) return 'configuration';
  const code = codeOf(error);
  if (isFailureCode(code)) return FAILURES[code].exit;
  if (Object.hasOwn(EXIT_OF_CODE, code)) return EXIT_OF_CODE[code as CommandCode];
  if (cureOf(error) !== undefined) return 'disk';
  return code.startsWith('TEMPORAL_') ? 'server' : 'defect';
}

/** What happened and what to do, for a person and for a program. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cure = cureOf(error);
  return cure === undefined ? error.message : `${error.message}: ${cure}.`;
}

/**
 * What to do about an error of the system that reaches a command unchanged, whose text says only what happened; undefined for all others.
 * All are `disk`.
 */
export function cureOf(error: Error): string | undefined {
  const code = codeOf(error);
  if (code === 'ERR_SQLITE_ERROR') return SQLITE_REMEDY;
  const remedy = remedyOf(code);
  if (remedy !== undefined) return remedy;
  // So says Node.js of a folder on a read-only disk, too. Any other file that is not there is a defect.
  const isNoFolder = code === 'ENOENT' && 'syscall' in error && error.syscall === 'mkdir';
  return isNoFolder ? 'the disk is read-only, or a symbolic link leads nowhere: correct the path' : undefined;
}

/** The code that an error of a room or of the system has; empty for others. */
export function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
