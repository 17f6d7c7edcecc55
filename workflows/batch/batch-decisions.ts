import { CancellationScope, log } from '@temporalio/workflow';
import type { BatchInput } from '../../provisioning/batch.ts';
import { decidedNow } from '../../provisioning/decision.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { CancelInput } from '../../provisioning/messages.ts';
import { registryBookkeeping } from '../steps.ts';

/** A person says it once, or a few times where the cancellation failed; anybody who reaches Temporal can send thousands. */
const ANNOUNCED_MAX = 20;

/** Decisions about a batch on their way to the registry: they take effect at once, even if it cannot be written just now. */
export class BatchDecisions {
  readonly #run: { readonly batchId: string; readonly supplement?: number };
  #writing = 0;
  #announced = 0;
  #last: Decision | undefined;

  constructor({ batchId, supplement }: Pick<BatchInput, 'batchId' | 'supplement'>) {
    this.#run = { batchId, ...(supplement && { supplement: supplement.number }) };
  }

  /** All of them are recorded. */
  get isSettled(): boolean {
    return this.#writing === 0;
  }

  /** Somebody said who cancels the batch, and why. */
  get isCancelAnnounced(): boolean {
    return this.#announced > 0;
  }

  announceCancel({ withdraw, ...input }: CancelInput): void {
    this.#announced += 1;
    if (this.#announced > ANNOUNCED_MAX) return;
    this.record(decidedNow(withdraw === true ? 'withdraw' : 'cancel', input));
  }

  /** The last one, in this run of the workflow. */
  get last(): Decision | undefined {
    return this.#last;
  }

  record(decision: Decision): void {
    this.#last = decision;
    this.#writing++;
    const { supplement } = this.#run;
    void this.#write({ ...decision, ...(supplement !== undefined && { supplement }) }).finally(
      () => this.#writing--,
    );
  }

  async #write(decision: Decision): Promise<void> {
    const { batchId } = this.#run;
    try {
      await CancellationScope.nonCancellable(() =>
        registryBookkeeping.recordBatchDecision({ batchId, decision }),
      );
    } catch (error) {
      log.error('the registry does not take who decided', { batchId, error });
    }
  }
}
