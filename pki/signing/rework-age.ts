import type { AskedRework } from '../../provisioning/rework.ts';
import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';
import { PkiError } from '../pki-error.ts';

/**
 * How long after a person asked for it a rework may begin: an orchestrator and a signer that run answer within a second, and one that
 * is restarted within minutes.
 */
const REWORK_LIFETIME_MS = 15 * 60_000;

/**
 * Throws RELEASE_CONFLICT for a rework that was asked for long ago, or nobody says when. One that was refused did nothing, and the
 * person may have dropped it; but its request stays in Temporal, signed, and anybody there could send it again.
 */
export function mustBeFresh(
  { reworkId, askedAt }: Pick<AskedRework, 'reworkId' | 'askedAt'>,
  now: Date,
): void {
  const ageMs = askedAt === undefined ? Infinity : now.getTime() - Date.parse(askedAt);
  if (ageMs <= REWORK_LIFETIME_MS + CLOCK_TOLERANCE_MS && ageMs >= -CLOCK_TOLERANCE_MS) return;
  const when = askedAt === undefined ? 'by an earlier version of certline' : `at ${askedAt}`;
  const message = `The rework ${reworkId.slice(0, 80)} was asked for ${when}, so it does not begin any more: ask again with "certline rework create".`;
  throw new PkiError('RELEASE_CONFLICT', message, { reason: 'age' });
}
