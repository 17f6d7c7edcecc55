import { patched } from '@temporalio/workflow';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import type { UnitPassage } from './unit-passage.ts';

/**
 * The permit of an attempt that came without one: a further attempt, or the first of a unit whose chunk an earlier version
 * released. The registry says that it may be made, and the signer permits and numbers it.
 */
export async function obtainPermit(passage: UnitPassage): Promise<void> {
  // Units of earlier versions have begun without, and do so again when they are replayed.
  if (!patched('permits')) return;
  const unit = passage.permitTerms;
  const release = await registryBookkeeping.releaseAttempt({ unit });
  passage.permitted(await signerBookkeeping.permitAttempt({ unit, release }));
}
