import type { Step } from './step.ts';

/**
 * How long each step may take. How often it is tried is the failure table's business: the activity marks a failure as
 * final when its code's attempts are used up. `maximumAttempts` only bounds what never reaches that code: timeouts.
 */
export interface StepPolicy {
  readonly startToCloseMs: number;
  /** Absent: the step is too short to need one. */
  readonly heartbeatMs?: number;
  /** Absent: waits for ever, as a unit waits for a free socket. */
  readonly scheduleToStartMs?: number;
  readonly maximumAttempts: number;
}

/** A station that takes no work for this long is noticed. */
const STATION_SILENCE_MS = 60_000;
/** A killed station is noticed after this long, and the step is tried again. */
const HEARTBEAT_MS = 12_000;

export const STEP_POLICY: Record<Step, StepPolicy> = {
  generateKeypair: { startToCloseMs: 120_000, heartbeatMs: HEARTBEAT_MS, maximumAttempts: 1000 },
  signCertificate: { startToCloseMs: 30_000, maximumAttempts: 100 },
  flashCredentials: {
    startToCloseMs: 180_000,
    heartbeatMs: HEARTBEAT_MS,
    scheduleToStartMs: STATION_SILENCE_MS,
    maximumAttempts: 10,
  },
  verifyReadback: {
    startToCloseMs: 120_000,
    heartbeatMs: HEARTBEAT_MS,
    scheduleToStartMs: STATION_SILENCE_MS,
    maximumAttempts: 10,
  },
  registerDevice: { startToCloseMs: 30_000, maximumAttempts: 100 },
};

/** How often a step that no station took is offered to the station again before the unit waits for a decision. */
export const STATION_SILENCES = 10;
