import type { DeviceRegistryError } from '../device-registry-error.ts';
import type { RegistryPace } from '../device-registry.ts';
import { LONGEST_PAUSE_MS } from '../outbox.ts';
import type { RegistryStanding } from '../outbox.ts';

/** A device registry whose credentials are wrong is asked again this often: somebody may have corrected them. */
const CREDENTIALS_PAUSE_MS = 60_000;

/** Whether nothing is sent now. A pause that ends later than any one does was recorded while a clock was ahead. */
export function isPausing({ pausedUntil }: RegistryStanding, now: number): boolean {
  return pausedUntil > now && pausedUntil <= now + LONGEST_PAUSE_MS;
}

/**
 * How a device registry stands after one more call. `fault` is absent where it answered, also where it refused a device. A success
 * that comes late does not end a pause.
 */
export function nextStanding(
  before: RegistryStanding,
  fault: DeviceRegistryError | undefined,
  now: number,
  pace: RegistryPace,
): RegistryStanding {
  const isPaused = isPausing(before, now);
  if (fault === undefined) return isPaused ? { ...before, failures: 0 } : { failures: 0, pausedUntil: 0 };
  const { reason, message } = fault;
  const failures = reason === 'throttled' ? before.failures : failuresAfter(before, isPaused);
  const pausedUntil = Math.max(isPaused ? before.pausedUntil : 0, now + pauseAfter(fault, failures, pace));
  return { failures, pausedUntil, reason, message };
}

/** In a pause nothing is sent: what fails then was under way when the pause began, and is the same failure. */
function failuresAfter({ failures }: RegistryStanding, isPaused: boolean): number {
  return isPaused ? Math.max(failures, 1) : failures + 1;
}

function pauseAfter({ reason, waitMs }: DeviceRegistryError, failures: number, pace: RegistryPace): number {
  const { firstPauseMs, longestPauseMs } = pace;
  if (reason === 'credentials') return Math.max(waitMs ?? 0, CREDENTIALS_PAUSE_MS);
  if (reason === 'throttled') return waitMs ?? firstPauseMs;
  const doubled = firstPauseMs * 2 ** Math.min(failures - 1, 30);
  return Math.max(waitMs ?? 0, Math.min(doubled, longestPauseMs));
}
