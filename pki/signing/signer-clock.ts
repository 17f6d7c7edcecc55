import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';
import { PkiError } from '../pki-error.ts';
import type { Arrival } from './station-gate.ts';

/**
 * Throws CLOCK_WRONG where the clock of the signer and that of Temporal, which delivered the task, are more than five
 * minutes apart. A task that has waited for a signer looks the same: it is tried again, and delivered with a new time.
 */
export function checkSignerClock({ deliveredAt, now }: Pick<Arrival, 'deliveredAt' | 'now'>): void {
  if (deliveredAt === undefined || Math.abs(now.getTime() - deliveredAt.getTime()) <= CLOCK_TOLERANCE_MS)
    return;
  const [here, there] = [now.toISOString(), deliveredAt.toISOString()];
  const message = `The clock of the signer shows ${here}, but Temporal delivered the task at ${there}: set the clock that is wrong. A task that waited for the signer is tried again.`;
  throw new PkiError('CLOCK_WRONG', message, { reason: 'temporal' });
}

/** Throws CLOCK_WRONG where the clock of the signer is before the latest time in its audit log (ISO 8601). */
export function checkAfterLog(now: Date, latest: string | undefined): void {
  if (latest === undefined || now.getTime() >= Date.parse(latest) - CLOCK_TOLERANCE_MS) return;
  const message = `The clock of the signer shows ${now.toISOString()}, but its audit log has an entry of ${latest}: set the clock. If the clock is right now, run "certline audit accept-clock".`;
  throw new PkiError('CLOCK_WRONG', message, { reason: 'audit' });
}
