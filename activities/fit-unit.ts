import { PkiError } from '../pki/pki-error.ts';
import type { AttemptId } from '../provisioning/unit.ts';

/**
 * The attempt at a unit that an input names. Anyone who can write to Temporal decides what is in an input: it may not match
 * its type. Throws REQUEST_INVALID.
 */
export function fitUnit(unit: Partial<AttemptId> | undefined): AttemptId {
  const { batchId, serial, attempt } = unit ?? {};
  const isFit = typeof batchId === 'string' && typeof serial === 'string' && typeof attempt === 'number';
  if (isFit) return { batchId, serial, attempt };
  const message = 'The task names no unit as Certline does: find out who sent it.';
  throw new PkiError('REQUEST_INVALID', message, { reason: 'malformed' });
}
