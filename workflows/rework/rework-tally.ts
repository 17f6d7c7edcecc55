import type { ReworkInput, ReworkResult, ReworkState } from '../../provisioning/rework.ts';
import type { Attention } from '../../provisioning/unit.ts';

/** How far a rework is. Plain state, no Temporal. */
export class ReworkTally {
  readonly #input: ReworkInput;
  readonly #attention = new Map<string, Attention>();
  readonly #results = { done: 0, kept: 0, ended: 0 };
  /** Batches that have a unit which has ended since their result was written. */
  readonly #changed = new Set<string>();
  #phase: ReworkState['phase'] = 'opening';
  #message: string | undefined;

  constructor(input: ReworkInput) {
    this.#input = input;
  }

  open(): void {
    this.#phase = 'open';
  }

  refuse(message: string): void {
    this.#phase = 'refused';
    this.#message = message;
  }

  close(): void {
    this.#phase = 'closed';
  }

  attend(serial: string, attention: Attention | null): void {
    if (attention) this.#attention.set(serial, attention);
    else this.#attention.delete(serial);
  }

  end(
    { serial, batchId }: { readonly serial: string; readonly batchId: string },
    result: ReworkResult,
  ): void {
    this.#attention.delete(serial);
    this.#results[result] += 1;
    this.#changed.add(batchId);
  }

  get isFinished(): boolean {
    const { done, kept, ended } = this.#results;
    return done + kept + ended >= this.#input.serials.length;
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  /** Takes the batches whose results are out of date. */
  takeChanged(): string[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  get state(): ReworkState {
    const { reworkId, serials } = this.#input;
    return {
      reworkId,
      phase: this.#phase,
      ...(this.#message !== undefined && { message: this.#message }),
      units: serials.length,
      ...this.#results,
      attention: [...this.#attention.values()],
    };
  }
}
