import { ActivityFailure, CancellationScope, log, patched } from '@temporalio/workflow';
import type { Outcome } from '../../provisioning/outcome.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import { unfinishedCertificateOf } from '../unfinished-certificate.ts';
import { untilUnitEndedOrCancelled } from '../until-unit-ended.ts';

/** A unit of a chunk. */
export interface UnitOfChunk {
  readonly batchId: string;
  readonly serial: string;
  /** The attempt with which it runs again; undefined in the first run of a batch. */
  readonly from: number | undefined;
}

/**
 * How a unit ended that could not say so: its recorded outcome, or ERROR if it was terminated, which is then recorded. No
 * valid certificate of it remains.
 */
export async function endOfUnit({ batchId, serial, from = 1 }: UnitOfChunk): Promise<Outcome> {
  try {
    return await CancellationScope.nonCancellable(async () => {
      // Earlier versions did not ask.
      const certificate = patched('board-of-terminated-unit')
        ? await unfinishedCertificateOf(batchId, serial)
        : undefined;
      const ended = { batchId, serial, ...(certificate && { certificate }) };
      const { outcome, attempt, ended: word } = await registryBookkeeping.recordTermination(ended);
      const unit = { batchId, serial, attempt: Math.max(attempt, from) };
      if (outcome !== 'PASS')
        await signerBookkeeping.revokeCertificate({
          unit,
          reason: 'terminated',
          ...(word && { ended: word }),
        });
      return outcome;
    });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.error('the end of a terminated unit is not recorded everywhere', { serial });
    return 'ERROR';
  }
}

/** Waits for a unit that an earlier run of its chunk began, and passes a cancellation on to it. */
export async function adoptUnit(unit: UnitOfChunk): Promise<Outcome> {
  await untilUnitEndedOrCancelled(unit.serial);
  return await endOfUnit(unit);
}

/**
 * A unit that runs again, and of which another workflow runs: an earlier run of its chunk began it, or it is the run before, whose
 * outcome is recorded before that workflow ends. Then nothing of this one has begun, and `begin` begins it.
 */
export async function adoptOrBegin(unit: UnitOfChunk, begin: () => Promise<Outcome>): Promise<Outcome> {
  const { batchId, serial, from = 1 } = unit;
  const isCancelled = await untilUnitEndedOrCancelled(serial);
  if (isCancelled || !patched('await-unit-before-rerun')) return await endOfUnit(unit);
  const { outcome, attempt } = await CancellationScope.nonCancellable(() =>
    registryBookkeeping.recallUnit({ batchId, serial }),
  );
  const mayBegin = !CancellationScope.current().consideredCancelled;
  return mayBegin && outcome === undefined && attempt < from ? await begin() : await endOfUnit(unit);
}
