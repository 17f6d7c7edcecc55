import type { BatchProgress } from '../../provisioning/batch.ts';
import { CommandError } from '../exit-status.ts';
import { isSettled } from '../line/line-view.ts';
import { brokenEnd } from '../../temporal/broken-batch.ts';
import type { BatchStanding } from './batch-standing.ts';

const ENDED_EARLY: ReadonlySet<BatchStanding['status']> = new Set([
  'CANCELLED',
  'TERMINATED',
  'FAILED',
  'TIMED_OUT',
]);

/** Decides, look by look, whether there is nothing more to wait for. */
export class BatchEnd {
  readonly #isPatient: boolean;
  #wasThrough = false;

  /** `isPatient`: units that wait for a decision do not end it, the batch must be through. */
  constructor({ isPatient }: { readonly isPatient: boolean }) {
    this.#isPatient = isPatient;
  }

  /**
   * The final progress, undefined while there is more to come. Throws `notAllPassed` when the batch was ended by hand.
   */
  reached(standing: BatchStanding, batchId: string): BatchProgress | undefined {
    const { status, progress } = standing;
    // With the workflow's end the result is written.
    if (status === 'COMPLETED' && progress !== undefined) return progress;
    if (ENDED_EARLY.has(status)) throw endedEarly(batchId, standing);
    const isThrough = progress !== undefined && !this.#isPatient && isWaiting(progress);
    // Twice: after a rerun it takes a moment until the units that wait are under way.
    const isEnd = isThrough && this.#wasThrough;
    this.#wasThrough = isThrough;
    return isEnd ? progress : undefined;
  }
}

/** Units wait, and nothing else moves: the workflow runs on, but nothing will happen before somebody decides. */
function isWaiting(progress: BatchProgress): boolean {
  return isSettled(progress) && progress.attention.length > 0;
}

function endedEarly(batchId: string, standing: BatchStanding): CommandError {
  const broken = brokenEnd(batchId, standing);
  if (broken !== undefined) return new CommandError('notAllPassed', broken);
  return new CommandError(
    'notAllPassed',
    `Batch ${batchId} was ended (${standing.status.toLowerCase()}): see "certline batch show ${batchId}" for the units that had passed.`,
  );
}
