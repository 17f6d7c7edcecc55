import type { Step } from './step.ts';

/**
 * How long steps, bookkeeping and boards may take before somebody acts. All values whose names end in Ms or _MS are
 * milliseconds. The pace of one port (how often a socket is looked at) is in `fixtures/`, that of SMP in `smp/`.
 */

/** What a step may take. */
export interface StepLimits {
  /** One try. */
  readonly startToCloseMs: number;
  /** Absent: the step is too short to need one. */
  readonly heartbeatMs?: number;
  /** How long the task may wait for a worker. Absent: without limit, as a unit waits for a free socket. */
  readonly scheduleToStartMs?: number;
  /**
   * Tries that end without a failure code, which are timeouts: the activity itself ends a step when the attempts of its
   * code in the failure table are exhausted.
   */
  readonly maximumAttempts: number;
}

/**
 * A worker that was killed is noticed after this long, and its task is tried again. A live one beats every third of it.
 */
export const HEARTBEAT_MS = 12_000;

/** A station that does not take its task within this time is shown as unreachable. */
const STATION_SILENCE_MS = 60_000;

/** So many silences in a row, ten minutes, and the unit waits for a decision: a station restarts well within that. */
export const STATION_SILENCES = 10;

export const STEP_LIMITS: Record<Step, StepLimits> = {
  // A look, a key file of 138 octets and its CSR take seconds; a slow UART, a noisy cable and retries make it minutes.
  generateKeypair: { startToCloseMs: 120_000, heartbeatMs: HEARTBEAT_MS, maximumAttempts: 1000 },
  // A signature takes milliseconds, on a slow token a second; the rest is waiting in the queue of the commits.
  signCertificate: { startToCloseMs: 30_000, maximumAttempts: 100 },
  // The longest write: a board whose flash must be erased first, with retries.
  flashCredentials: {
    startToCloseMs: 180_000,
    heartbeatMs: HEARTBEAT_MS,
    scheduleToStartMs: STATION_SILENCE_MS,
    maximumAttempts: 10,
  },
  // Two files are read back, under the same conditions as in the first step.
  verifyReadback: {
    startToCloseMs: 120_000,
    heartbeatMs: HEARTBEAT_MS,
    scheduleToStartMs: STATION_SILENCE_MS,
    maximumAttempts: 10,
  },
  // One short transaction; the rest is waiting for a database that others write to.
  registerDevice: { startToCloseMs: 30_000, maximumAttempts: 100 },
};

/** A worker without boards lets running activities end for this long when it stops: each takes well under a second. */
export const SHUTDOWN_GRACE_MS = 10_000;

/** Pauses between two tries of any activity: the first of them, and the longest after doubling. */
export const RETRY_PAUSE_MS = { first: 1_000, longest: 60_000 } as const;

/** What the failure table's 'now' and 'later' mean. 'later' doubles from try to try up to `RETRY_PAUSE_MS.longest`. */
export const RETRY_NOW_MS = 1_000;
export const RETRY_LATER_MS = 2_000;

/** One try of bookkeeping at the signer or at a station: one short transaction. */
export const BOOKKEEPING_MS = 30_000;

/** A look at the signer that may be left out: for so long, what follows it waits. */
export const SIGNER_LOOK_MS = 30_000;

/** One try of bookkeeping at the registry: the result file of a batch of a million units takes minutes. */
export const REGISTRY_BOOKKEEPING_MS = 300_000;

/** What a station proved, it may be asked while it starts again; after this long a person must decide. */
export const RECALL_PROOF_MS = 60_000;

/** After this long a station that is down no longer gets word that a unit left its socket: it asks when it is back. */
export const RELEASE_SOCKET_MS = 30_000;

/** A unit's own board, if it is in any socket, is offered within moments; after this long any other board will do. */
export const RECLAIM_WAIT_MS = 5_000;

/**
 * How often a chunk or unit is asked whether it still runs by a batch or chunk that did not start it, or had it started by an
 * earlier run: growing pauses, a signal each. Who ends it soon after a reset sees the answer soon.
 */
export const LOOK_PAUSE_MS = { first: 1_000, longest: 600_000 } as const;

/**
 * What is done to the board of a unit in a rework only if it is in a socket now: a station looks every two seconds how the
 * unit of a board stands, and then starts a worker for it, which takes a second or more on a busy host.
 */
export const OWN_BOARD_WAIT_MS = 15_000;

/** A step waits this long for its board: a station that has just started has yet to look at its sockets. */
export const BOARD_WAIT_MS = 8_000;

/** A claim waits this long for a board that was ready when the task was asked for. */
export const CLAIM_WAIT_MS = 1_500;

/**
 * A station asks Temporal this often whether units still hold their sockets. A unit learns within this time that it
 * holds a board, so younger holds are not asked about.
 */
export const RECONCILE_PAUSE_MS = 15_000;

/** One drain of an outbox looks for new entries for this long: an idle device registry costs a few actions in that time. */
export const DRAIN_MS = 600_000;

/** A drain ends after the calls that are under way, each of which has its own end; then it is taken for dead. */
export const DRAIN_LIMIT_MS = DRAIN_MS + 300_000;

/** Each beat is an action, and nobody waits for a drain: a worker that was killed is noticed later than in a step. */
export const DRAIN_HEARTBEAT_MS = 30_000;

/** A batch that ends waits for its outbox inside one try, and then in growing pauses. */
export const OUTBOX_PATIENCE_MS = 60_000;
