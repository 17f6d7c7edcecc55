import type { AskedRework } from '../../provisioning/rework.ts';
import { PkiError } from '../pki-error.ts';
import { isFresh } from './word-age.ts';

/**
 * Throws RELEASE_CONFLICT for a rework that was asked for long ago, or nobody says when. One that was refused did nothing, and the
 * person may have dropped it.
 */
export function mustBeFresh(
  { reworkId, askedAt }: Pick<AskedRework, 'reworkId' | 'askedAt'>,
  now: Date,
): void {
  if (askedAt !== undefined && isFresh(askedAt, now)) return;
  const when = askedAt === undefined ? 'by an earlier version of certline' : `at ${askedAt}`;
  const message = `The rework ${reworkId.slice(0, 80)} was asked for ${when}, so it does not begin any more: ask again with "certline rework create".`;
  throw new PkiError('RELEASE_CONFLICT', message, { reason: 'age' });
}
