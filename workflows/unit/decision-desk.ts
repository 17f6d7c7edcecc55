import { condition, setHandler } from '@temporalio/workflow';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { DecisionInput } from '../../provisioning/messages.ts';
import type { Attention } from '../../provisioning/unit.ts';
import { retry, retrySignal, scrap, skip } from '../messages.ts';

export interface Decision {
  readonly verdict: 'retry' | 'skip' | 'scrap';
  readonly reason?: string;
}

/** Where a unit waits for a person: `retry`, `skip` and `scrap` are refused unless it does. */
export class DecisionDesk {
  attention: Attention | undefined;
  #decision: Decision | undefined;
  readonly #serial: string;

  constructor(serial: string) {
    this.#serial = serial;
    const validator = (_input?: DecisionInput): void => this.#mustWait();
    setHandler(retry, (input) => this.#decide('retry', input), {
      validator,
      description: 'Try this unit again. Optional argument: {"reason": "why"}',
    });
    setHandler(skip, (input) => this.#decide('skip', input), {
      validator,
      description: 'Leave this unit out of the batch; it ends as HOLD. Optional argument: {"reason": "why"}',
    });
    setHandler(scrap, (input) => this.#decide('scrap', input), {
      validator,
      description: 'The unit is bad and never ships; it ends as FAIL. Optional argument: {"reason": "why"}',
    });
    setHandler(
      retrySignal,
      (input) => {
        // A person's decision stands, even while it is still being written down.
        if (this.attention && !this.#decision) this.#decide('retry', input);
      },
      { description: 'Try this unit again, if it waits.' },
    );
  }

  /** From now on the unit waits. Called before that becomes visible: anyone who sees it must be able to decide. */
  open(attention: Attention): void {
    this.#decision = undefined;
    this.attention = attention;
  }

  /** Waits, for as long as it takes, until somebody decides. */
  async decision(): Promise<Decision> {
    await condition(() => this.#decision !== undefined);
    this.attention = undefined;
    return this.#decision!;
  }

  #mustWait(): void {
    if (!this.attention || this.#decision) {
      throw new Error(`${this.#serial} waits for no decision: it is under way`);
    }
  }

  #decide(verdict: Decision['verdict'], input: DecisionInput | undefined): string {
    const code = this.attention!.code;
    this.#decision = { verdict, ...(input?.reason !== undefined && { reason: input.reason }) };
    return `${verdict}: ${this.#serial} (${code}: ${FAILURES[code].hint})`;
  }
}
