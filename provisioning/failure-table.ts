/** Whose fault a failure is. A failure of the unit is a FAIL; of the line, an ERROR; of people or papers, a HOLD. */
export type Blame = 'unit' | 'station' | 'signer' | 'registry' | 'manifest' | 'operator';

/**
 * What is known of a failure code, and all that is decided by it.
 * `retry`: 'now' after a second, 'later' with growing pauses up to a minute, 'never' in place.
 * `attempts`: how often a step is tried before the unit waits for a decision.
 * `hint`: one sentence for the person at the bench.
 */
export interface FailureRow {
  readonly blame: Blame;
  readonly retry: 'now' | 'later' | 'never';
  readonly attempts: number;
  readonly hint: string;
}

/**
 * The one table of failure codes. Rooms throw errors with these codes; the translation to Temporal, the decisions of
 * workflows, the exit status of commands and the words on a tile come from here alone.
 */
export const FAILURES = {
  // The link to the board
  LINK_NOT_FOUND: row(
    'station',
    'later',
    8,
    'The port is gone: plug the fixture in, or mend the port in the configuration.',
  ),
  LINK_BUSY: row('station', 'later', 8, 'Another program holds the port: close it.'),
  LINK_DENIED: row(
    'station',
    'never',
    1,
    'The station may not open the port: add its user to the dialout group.',
  ),
  LINK_FAILED: row(
    'station',
    'later',
    4,
    'The port cannot be opened: unplug the fixture and plug it in again.',
  ),
  LINK_LOST: row('station', 'later', 4, 'The board went away: put it back and press it down.'),
  // SMP
  SMP_TIMEOUT: row('station', 'later', 4, 'The board does not answer: reseat it.'),
  SMP_CRC: row('station', 'now', 4, 'The line is noisy: check the cable of this socket.'),
  SMP_SHORT_FRAME: row('station', 'now', 4, 'The line loses bytes: check the cable of this socket.'),
  SMP_WRONG_COMMAND: row('station', 'now', 4, 'The board answers what was not asked: reset it, then retry.'),
  SMP_MALFORMED_REPLY: row('unit', 'now', 3, 'The board answers nonsense: load the right firmware.'),
  SMP_NOISE_ONLY: row(
    'station',
    'now',
    3,
    'The port talks, but not SMP: is this the right port and baud rate?',
  ),
  SMP_DEVICE_ERROR: row('unit', 'now', 3, 'The board refuses: replace the board.'),
  SMP_UNSUPPORTED: row(
    'unit',
    'never',
    1,
    'The firmware lacks a command that is needed: load the right firmware.',
  ),
  SMP_OFFSET_MISMATCH: row('unit', 'now', 3, 'The board loses data: replace the board.'),
  SMP_READ_BACK_DIFFERS: row(
    'unit',
    'now',
    2,
    'The board does not hold what was written: replace the board.',
  ),
  SMP_TOO_LARGE: row(
    'unit',
    'never',
    1,
    "A message does not fit the board's buffers: load the right firmware.",
  ),
  SMP_SHELL_FAILED: row('unit', 'now', 2, 'A shell command failed on the board: replace the board.'),
  // The board
  BOARD_GONE: row('operator', 'later', 4, 'The board is no longer in its socket: put it back, then retry.'),
  BOARD_FULL: row('unit', 'never', 1, "The board's file system is full: replace the board."),
  BOARD_FOREIGN: row(
    'operator',
    'never',
    1,
    'The board carries a certificate that is not ours: quarantine it.',
  ),
  NO_BOARD: row('operator', 'now', 1000, 'No board is ready: load one.'),
  KEY_MISMATCH: row(
    'unit',
    'never',
    1,
    'The board does not hold the key that was certified: retry with another board.',
  ),
  READ_BACK_DIFFERS: row('unit', 'now', 2, 'The board does not hold what was written: replace the board.'),
  // The station
  STATION_UNREACHABLE: row('station', 'later', 5, 'The station does not take its work: start it again.'),
  SECRET_MISUSED: row(
    'station',
    'never',
    1,
    'The station mishandled a key and refused: report this to the maker.',
  ),
  STATION_DISK: row('station', 'later', 20, "The station's disk is full or read-only: free some space."),
  STATION_FAULT: row('station', 'later', 4, 'The station stumbled: look into its log, then retry.'),
  // The signer
  CA_UNAVAILABLE: row('signer', 'later', 60, 'The CA key cannot be used: look at the signer.'),
  CSR_REFUSED: row(
    'signer',
    'never',
    1,
    'The request to sign is not well-formed: this station must be looked at.',
  ),
  KEY_REUSED: row(
    'signer',
    'never',
    1,
    'A key came twice: stop this station and call the security engineer.',
  ),
  NOT_RELEASED: row(
    'signer',
    'never',
    1,
    'This serial is not released for signing: was its manifest accepted?',
  ),
  QUOTA_EXCEEDED: row('signer', 'never', 1, 'The quantity is used up: ask the OEM for a larger order.'),
  BOARD_BOUND: row(
    'signer',
    'never',
    1,
    'This board belongs to another serial until its certificate is revoked: quarantine it.',
  ),
  CERTIFICATE_WITHDRAWN: row(
    'signer',
    'never',
    1,
    'The certificate of this attempt was withdrawn: retry makes a new one.',
  ),
  CLOCK_WRONG: row('signer', 'later', 30, "The signer's clock went back: set it."),
  ALREADY_ISSUED: row('signer', 'never', 1, 'The serial has a live certificate: revoke it first.'),
  REQUEST_CONFLICT: row(
    'signer',
    'never',
    1,
    'A request came again with other contents: call the security engineer.',
  ),
  PROFILE_INVALID: row(
    'signer',
    'never',
    1,
    'The certificate breaks its profile: mend the product configuration.',
  ),
  LEDGER_UNAVAILABLE: row(
    'signer',
    'later',
    60,
    "The signer's ledger cannot be written: look at its disk or server.",
  ),
  LEDGER_CORRUPT: row(
    'signer',
    'never',
    1,
    "The signer's ledger is damaged: nothing may be signed, call the security engineer.",
  ),
  LEDGER_NEWER: row('signer', 'never', 1, "The signer's ledger is of a later version: update the signer."),
  LEDGER_STALE: row(
    'signer',
    'never',
    1,
    "The signer's ledger is an old copy: nothing may be signed, call the security engineer.",
  ),
  RELEASE_CONFLICT: row(
    'signer',
    'never',
    1,
    'The signer knows this batch or serial otherwise: call the security engineer.',
  ),
  SIGNER_FAULT: row('signer', 'later', 10, 'The signer stumbled: look into its log, then retry.'),
  // The registry
  REGISTRY_UNAVAILABLE: row('registry', 'later', 60, 'The registry cannot be written: look at its disk.'),
  REGISTRY_CONFLICT: row(
    'registry',
    'never',
    1,
    'The registry knows another certificate for this serial: call ops.',
  ),
  REGISTRY_FAULT: row('registry', 'later', 10, 'The registry stumbled: look into the log, then retry.'),
  STATION_UNKNOWN: row('signer', 'never', 1, 'The signer does not know this station: enroll it, then retry.'),
  STATION_REVOKED: row('signer', 'never', 1, 'This station was revoked: use another one.'),
  STATION_STOPPED: row('signer', 'never', 1, 'The signer stopped this station: call the security engineer.'),
  // What was signed with a wrong clock stays wrong however often it is sent; a new attempt is signed anew.
  STATION_CLOCK: row(
    'station',
    'never',
    1,
    'The clock of the station or of the signer is wrong: set it, then retry.',
  ),
  STATION_RATE: row('signer', 'later', 1000, 'The station asks too often: wait, or have its rate raised.'),
  REQUEST_UNSIGNED: row(
    'signer',
    'never',
    1,
    'The request is not signed by its station: update the station.',
  ),
  REQUEST_INVALID: row(
    'signer',
    'never',
    1,
    'The request is not as its station signed it: call the security engineer.',
  ),
  // Orders
  ORDER_UNKNOWN: row(
    'manifest',
    'never',
    1,
    'The signer has no such order: get it from the OEM, then retry.',
  ),
  ORDER_INVALID: row(
    'manifest',
    'never',
    1,
    "The order's file is not as the OEM signed it: get it again, then retry.",
  ),
  ORDER_NOT_OPEN: row('manifest', 'never', 1, 'The order is not open yet: retry when it is.'),
  ORDER_EXPIRED: row('manifest', 'never', 1, 'The time of the order is over: ask the OEM to extend it.'),
  ORDER_CLOSED: row(
    'manifest',
    'never',
    1,
    'The order is closed for good: skip the unit; its board needs a new serial, under a new order.',
  ),
  ORDER_MISMATCH: row('manifest', 'never', 1, 'The order is for another product or manifest: ask the OEM.'),
  // People
  CANCELLED: row('operator', 'never', 1, 'The batch was cancelled.'),
  CHUNK_LOST: row(
    'registry',
    'never',
    1,
    "The unit's chunk was ended by hand: submit the unit in a new manifest.",
  ),
  UNIT_BUSY: row('manifest', 'never', 1, 'A unit of this serial is under way elsewhere: wait for it to end.'),
} as const satisfies Record<string, FailureRow>;

export type FailureCode = keyof typeof FAILURES;

/** True when `code` is a row of the table. */
export function isFailureCode(code: unknown): code is FailureCode {
  return typeof code === 'string' && Object.hasOwn(FAILURES, code);
}

/** Failures that are not the board's fault, after which it must not be given to the next unit all the same. */
const BENCHING: ReadonlySet<FailureCode> = new Set([
  'BOARD_BOUND',
  'BOARD_FOREIGN',
  'KEY_REUSED',
  'CSR_REFUSED',
]);

/** Whether a board stays out of use after this failure until it is taken out of its socket. */
export function benchesBoard(code: FailureCode): boolean {
  return FAILURES[code].blame === 'unit' || BENCHING.has(code);
}

function row(blame: Blame, retry: FailureRow['retry'], attempts: number, hint: string): FailureRow {
  return { blame, retry, attempts, hint };
}
