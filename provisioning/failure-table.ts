import type { ExitReason } from './exit-status.ts';

/** Whose fault a failure is. A failure of the unit is a FAIL; of the factory line, an ERROR; of people or documents, a HOLD. */
export type Blame = 'unit' | 'station' | 'signer' | 'registry' | 'manifest' | 'operator';

/** What is known of a failure code, and everything that is decided by it. */
export interface FailureRow {
  readonly blame: Blame;
  /** 'now' after a second, 'later' with growing pauses up to a minute, 'never': trying again in place does not help. */
  readonly retry: 'now' | 'later' | 'never';
  /** How often a step is tried before the unit waits for a decision. */
  readonly attempts: number;
  /** What happened and what to do, for the person at the bench: one sentence, at most 100 characters. */
  readonly hint: string;
  /** The exit status of a command that ends with this failure. */
  readonly exit: ExitReason;
  /** Whether the board stays out of use until it is taken out of its socket. */
  readonly benches: boolean;
  /** Whether it is the fault of the station, which the next unit meets too: after it, the station takes units only to try. */
  readonly stopsStation: boolean;
}

type Columns = Partial<Pick<FailureRow, 'exit' | 'benches' | 'stopsStation'>>;

/** Makes the rows of one blame. `defaults` are its columns unless a row says otherwise. */
function blamed(blame: Blame, defaults: Pick<FailureRow, 'exit' | 'benches'>) {
  const row = (retry: FailureRow['retry'], attempts: number, hint: string, columns: Columns): FailureRow => ({
    blame,
    retry,
    attempts,
    hint,
    stopsStation: false,
    ...defaults,
    ...columns,
  });
  return {
    now: (attempts: number, hint: string, columns: Columns = {}) => row('now', attempts, hint, columns),
    later: (attempts: number, hint: string, columns: Columns = {}) => row('later', attempts, hint, columns),
    never: (hint: string, columns: Columns = {}) => row('never', 1, hint, columns),
  };
}

const unit = blamed('unit', { exit: 'board', benches: true });
const station = blamed('station', { exit: 'board', benches: false });
const signer = blamed('signer', { exit: 'signer', benches: false });
const registry = blamed('registry', { exit: 'disk', benches: false });
const manifest = blamed('manifest', { exit: 'manifestRefused', benches: false });
const operator = blamed('operator', { exit: 'board', benches: false });

/**
 * Every way in which a unit can fail. Rooms throw errors with these codes. Retries, the decisions of workflows, what happens
 * to a board, the words on a tile and the exit status of a command follow from the row. Codes that no unit can meet have
 * their exit status in `cli/report-failure.ts`.
 */
// prettier-ignore
export const FAILURES = {
  // The link to the board
  LINK_NOT_FOUND: station.later(8, 'The port is missing: plug the fixture in, or correct the port in the configuration.', { exit: 'portMissing' }),
  LINK_BUSY: station.later(8, 'Another program uses the port: close that program.', { exit: 'portBusy' }),
  LINK_DENIED: station.never('The station may not open the port: add its user to the dialout group.', { exit: 'portDenied' }),
  LINK_FAILED: station.later(4, 'The port cannot be opened: unplug the fixture and plug it in again.'),
  LINK_LOST: station.later(4, 'The connection to the board was lost: put the board back and press it down.'),

  // The SMP protocol
  SMP_TIMEOUT: station.later(4, 'The board does not answer: reseat it.'),
  SMP_CRC: station.now(4, 'Answers arrive damaged: check the cable of this socket.'),
  SMP_SHORT_FRAME: station.now(4, 'Answers arrive incomplete: check the cable of this socket.'),
  SMP_WRONG_COMMAND: station.now(4, 'The board answered a different request: reset it, then retry.'),
  SMP_MALFORMED_REPLY: unit.now(3, 'The board sends invalid answers: load the right firmware.'),
  SMP_NOISE_ONLY: station.now(3, 'The port sends data, but not SMP: check the port and its baud rate.'),
  SMP_DEVICE_ERROR: unit.now(3, 'The board reports an error: replace the board.'),
  SMP_UNSUPPORTED: unit.never('The firmware lacks a required command: load the right firmware.'),
  SMP_OFFSET_MISMATCH: unit.now(3, 'The board loses data: replace the board.'),
  SMP_READ_BACK_DIFFERS: unit.now(2, 'The board does not hold what was written: replace the board.'),
  SMP_TOO_LARGE: unit.never("A message does not fit the board's buffers: load the right firmware."),
  SMP_FILE_TOO_LARGE: unit.never('A file on the board is larger than it may be: replace the board.'),
  SMP_SHELL_FAILED: unit.now(2, 'A shell command failed on the board: replace the board.'),

  // The board
  BOARD_GONE: operator.later(4, 'The board is no longer in its socket: put it back, then retry.'),
  BOARD_TAKEN: operator.later(4, 'The board belongs to another unit: load a different board, then retry.'),
  BOARD_FOREIGN: operator.never('The board carries a certificate that is not ours: quarantine it.', { benches: true }),
  BOARD_COUNTERFEIT: operator.never('The board has the certificate of another board, or not its key: quarantine it.', { benches: true }),
  BOARD_NOT_CONNECTED: station.later(2, 'The board did not connect to its cloud: check its network, and that the cloud has the CA.'),
  BOARD_ID_NOT_UNIQUE: operator.later(4, 'Several boards answer with one hardware id: set them aside and load the right firmware.'),
  BOARD_WRONG_PRODUCT: operator.later(4, 'The board is not of the product of this socket: load the right board or firmware.'),
  NO_BOARD: operator.now(1000, 'No board is ready: load one.'),
  KEY_MISMATCH: unit.never('The key on the board is not the certified one: retry with another board.'),
  READ_BACK_DIFFERS: unit.now(2, 'The board does not hold what was written: replace the board.'),

  // The station
  STATION_UNREACHABLE: station.later(5, 'The station does not respond: start it again.'),
  STATION_DISK: station.later(20, "The station's disk is full or read-only: free some space or make it writable.", { exit: 'disk', stopsStation: true }),
  STATION_FAULT: station.later(4, 'An unexpected error at the station: read its log, then retry.'),
  // A request that was signed with a wrong clock stays wrong however often it is sent; a new attempt signs a new one.
  STATION_CLOCK: station.never('The clock of the station or of the signer is wrong: set it, then retry.', { stopsStation: true }),
  SECRET_MISUSED: station.never('The station stopped because it mishandled a key: report this to the maker of Certline.', { stopsStation: true }),
  SIGNER_UNKNOWN: station.never('The permit is from no signer that this station knows: update its signer keys, or retry.', { exit: 'signer', stopsStation: true }),

  // The signer, of the station that asks
  STATION_UNKNOWN: signer.never('The signer does not know this station: enroll and admit it, then retry.', { exit: 'unknown', stopsStation: true }),
  STATION_REVOKED: signer.never('This station was revoked: use another station.', { exit: 'refused', stopsStation: true }),
  STATION_STOPPED: signer.never('The signer stopped this station: call the security engineer.', { stopsStation: true }),
  STATION_RATE: signer.later(1000, 'The station asks for too many certificates: wait, or have its rate raised.'),
  REQUEST_UNSIGNED: signer.never('The request is not signed by its station: update the station.', { stopsStation: true }),
  REQUEST_INVALID: signer.never("The request does not match its station's signature: call the security engineer.", { stopsStation: true }),
  PERMIT_INVALID: signer.never('The unit has no valid permit of the signer: retry it, which gets it a new one.'),
  REQUEST_CONFLICT: signer.never('The same request came again with other contents: call the security engineer.'),
  CSR_REFUSED: signer.never('The certificate request is malformed: have this station examined.', { benches: true, stopsStation: true }),
  KEY_REUSED: signer.never('The same key was used twice: stop this station and call the security engineer.', { benches: true, stopsStation: true }),

  // The signer, of the unit
  NOT_RELEASED: signer.never('This serial is not released for signing: check that its manifest was accepted.'),
  QUOTA_EXCEEDED: signer.never('The quantity or the reissues of the order are exhausted: ask the OEM for a revision with more.'),
  BOARD_BOUND: signer.never("Another serial has a certificate for this board's id: revoke it, or look for two boards with one id.", { benches: true }),
  SERIAL_BOUND: signer.never("The serial's certificate is on another board: load that board, or revoke the certificate."),
  ALREADY_ISSUED: signer.never('The serial already has a valid certificate: revoke that one first.'),
  CERTIFICATE_WITHDRAWN: signer.never('The certificate of this attempt was withdrawn: retry to get a new one.'),
  RELEASE_UNSIGNED: signer.never('No admitted intake signed this release: admit the intake at the signer, then retry.'),
  WITHDRAWAL_REFUSED: signer.never('The line may not revoke this certificate: a person does that at the signer.', { exit: 'refused' }),
  UNIT_ENDED: signer.never('The unit has ended: skip it here, then run it again with certline unit rerun.'),
  RELEASE_CONFLICT: signer.never('The signer has other records of this batch or serial: call the security engineer.'),
  CERTIFICATE_WRONG: signer.never("The certificate is not our CA's, or not for this unit's key: call the security engineer.", { stopsStation: true }),
  PROFILE_INVALID: signer.never('The certificate violates its profile: correct the product configuration.', { exit: 'configuration' }),

  // The signer itself
  CA_UNAVAILABLE: signer.later(60, 'The CA key cannot be used: check the signer.'),
  TOKEN_PIN_REFUSED: signer.later(60, "The token refuses the PIN: correct the signer's PIN file.", { exit: 'passphrase' }),
  CLOCK_WRONG: signer.later(30, 'The clocks of signer, Temporal and audit log differ: the log of the signer says which one is wrong.'),
  LEDGER_UNAVAILABLE: signer.later(60, "The signer's ledger cannot be written: check its disk or database server.", { exit: 'disk' }),
  LEDGER_CORRUPT: signer.never("The signer's ledger is damaged: signing has stopped, call the security engineer.", { exit: 'disk' }),
  LEDGER_NEWER: signer.never("The signer's ledger is from a later version: update the signer.", { exit: 'disk' }),
  WITNESS_UNAVAILABLE: signer.later(60, 'The witness of the audit log does not answer: start it, or fix its connection.', { exit: 'signer' }),
  LEDGER_STALE: signer.never("The signer's ledger is an old copy: signing has stopped, call the security engineer.", { exit: 'auditBroken' }),
  SIGNER_FAULT: signer.later(10, 'An unexpected error at the signer: read its log, then retry.'),

  // The registry
  REGISTRY_UNAVAILABLE: registry.later(60, 'The registry cannot be written: check its disk or database server.'),
  REGISTRY_CONFLICT: registry.never('Another certificate of this serial is registered, or this one was revoked meanwhile: call ops.'),
  PASS_UNPROVEN: registry.never('No admitted station has proven this pass: call the security engineer.'),
  OUTBOX_OPEN: registry.later(1000, 'A cloud does not have every unit yet: see certline registry status.'),
  REGISTRY_FAULT: registry.later(10, 'An unexpected error at the registry: read the log, then retry.'),

  // Orders
  ORDER_UNKNOWN: manifest.never('The signer does not have this order: get it from the OEM, then retry.', { exit: 'unknown' }),
  ORDER_INVALID: manifest.never('The order file is not as the OEM signed it: get it again, then retry.', { exit: 'orderRefused' }),
  ORDER_NOT_OPEN: manifest.never('The order is not open yet: retry when it is.', { exit: 'orderRefused' }),
  ORDER_EXPIRED: manifest.never('The order has expired: ask the OEM to extend it.', { exit: 'orderRefused' }),
  ORDER_CLOSED: manifest.never('The order is permanently closed: skip the unit; its board needs a serial of a new order.', { exit: 'orderRefused' }),
  ORDER_MISMATCH: manifest.never('The order is for another product, manifest, serial, profile or signer: ask the OEM.', { exit: 'orderRefused' }),

  // After it had passed
  SCRAPPED: unit.never('The unit was scrapped after it had passed: do not ship its board.'),

  // The batch
  CANCELLED: operator.never('The batch was cancelled.'),
  CLOSED_SHORT: operator.never('The batch was closed before the unit had passed: certline unit rerun runs it again.'),
  BATCH_CLOSED: operator.never('The batch was terminated in Temporal, and closed before the unit had passed.'),
  CHUNK_LOST: registry.never('The chunk was terminated before the unit had ended: do not ship its board.'),
  UNIT_TERMINATED: registry.never('The unit was terminated in Temporal, its certificate revoked: do not ship its board.'),
} as const satisfies Record<string, FailureRow>;

export type FailureCode = keyof typeof FAILURES;

/** True when `code` is a row of the table. */
export function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code);
}

/** What happened and what to do: `undefined` without a code, and for a code of a later version. */
export function hintOf(code: string | undefined): string | undefined {
  return isFailureCode(code) ? FAILURES[code].hint : undefined;
}
