import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';

/** Roles that run answer each other within a second, and one that is restarted within minutes. */
const WORD_LIFETIME_MS = 15 * 60_000;

/**
 * Whether what a role signed at this time (ISO 8601) was said a short time ago, by the clock of the role that reads it. It was true then;
 * but everything that was signed stays in Temporal, and anybody there can send it again.
 */
export function isFresh(at: string, now: Date): boolean {
  const ageMs = now.getTime() - Date.parse(at);
  return ageMs <= WORD_LIFETIME_MS + CLOCK_TOLERANCE_MS && ageMs >= -CLOCK_TOLERANCE_MS;
}
