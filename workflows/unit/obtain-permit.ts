import { ActivityFailure, ApplicationFailure, patched } from '@temporalio/workflow';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Permit } from '../../provisioning/permit.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import type { UnitPassage } from './unit-passage.ts';

/** A station believes for 15 minutes what a permit says of the certificates on a board, by a clock that may be five minutes ahead. */
const OLD_PERMIT_MS = 10 * 60_000;

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

/**
 * The claim of a board, which may come hours after the permit was made: then with a permit of now, for the same attempt. One that is
 * refused although it is new waits for a person: a clock is wrong, or somebody answers for a role.
 */
export async function claimPermitted<T>(passage: UnitPassage, claim: () => Promise<T>): Promise<T> {
  for (let renewedAt = -Infinity; ;) {
    try {
      return await claim();
    } catch (error) {
      const isNew = Date.now() - renewedAt < OLD_PERMIT_MS;
      if (isNew || !isRefusedPermit(error) || !isOldPermit(passage.permit)) throw error;
      await obtainPermit(passage);
      renewedAt = Date.now();
    }
  }
}

/** For what is done with the permit of an attempt some time after its claim. */
export async function renewOldPermit(passage: UnitPassage): Promise<void> {
  if (isOldPermit(passage.permit)) await obtainPermit(passage);
}

/** Whether no station removes or renews any more what the permit names. Earlier versions left it to a person to obtain another one. */
function isOldPermit({ replaces, renews, madeAt }: Partial<Permit> = {}): boolean {
  if (replaces === undefined && renews === undefined) return false;
  const isOld = madeAt === undefined || Date.now() - Date.parse(madeAt) >= OLD_PERMIT_MS;
  return isOld && patched('permit-of-now');
}

function isRefusedPermit(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return false;
  return error.cause.type === ('PERMIT_INVALID' satisfies FailureCode);
}
