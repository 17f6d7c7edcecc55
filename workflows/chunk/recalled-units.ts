import { patched } from '@temporalio/workflow';
import type { LoadedChunk } from '../../provisioning/batch.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import { afterReset, wasReset } from '../after-reset.ts';

/**
 * The ends that the registry has of the units of a chunk when somebody has reset it: its batch may have been closed, and a supplement
 * may have its units. Nothing in a chunk that was not reset.
 */
export class RecalledUnits {
  readonly #ends = new Map<string, Outcome>();
  readonly #look: Promise<void>;

  constructor(load: () => Promise<LoadedChunk>) {
    this.#look = this.#lookAfterReset(load);
    // What is under way fails by itself where the registry cannot be asked.
    this.#look.catch(() => undefined);
  }

  /** How a unit had ended in the run of the batch that this chunk is of; undefined where it had not. */
  endOf(serial: string): Outcome | undefined {
    return this.#ends.get(serial);
  }

  /** Nothing begins before the registry was asked. Returns at once while what was before the reset is replayed. */
  async looked(): Promise<void> {
    if (wasReset() && patched('look-at-chunk-before-start')) await this.#look;
  }

  async #lookAfterReset(load: () => Promise<LoadedChunk>): Promise<void> {
    await afterReset();
    if (!patched('look-at-chunk-after-reset')) return;
    const { rows } = await load();
    for (const { serial, outcome } of rows) if (outcome !== undefined) this.#ends.set(serial, outcome);
  }
}
