import { condition, patched, setHandler } from '@temporalio/workflow';
import type { Decision, UnitVerdict } from '../../provisioning/decision.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { DecisionInput } from '../../provisioning/messages.ts';
import type { Attention } from '../../provisioning/unit.ts';
import { fitting, mustFit, refusal } from '../checked-message.ts';
import { decisionCheck } from '../message-schemas.ts';
import { retry, retrySignal, scrap, skip } from '../messages.ts';

const ARGUMENT = '{"reason": "why", "by": "your name"}';

/** Where a unit waits for a person: `retry`, `skip` and `scrap` are refused unless it does. */
export class DecisionDesk {
  attention: Attention | undefined;
  #decision: Decision<UnitVerdict> | undefined;
  readonly #serial: string;

  constructor(serial: string) {
    this.#serial = serial;
    const validator = (...args: unknown[]): void => {
      mustFit(decisionCheck, ARGUMENT, args);
      this.#mustWait();
    };
    setHandler(retry, (input) => this.#decide('retry', input), {
      validator,
      description: `Try this unit again. Optional argument: ${ARGUMENT}`,
    });
    setHandler(skip, (input) => this.#decide('skip', input), {
      validator,
      description: `Leave this unit out of the batch; it ends as HOLD. Optional argument: ${ARGUMENT}`,
    });
    setHandler(scrap, (input) => this.#decide('scrap', input), {
      validator,
      description: `The unit is bad and never ships; it ends as FAIL. Optional argument: ${ARGUMENT}`,
    });
    setHandler(
      retrySignal,
      (input) => {
        if (isMalformed(input)) return;
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
  async decision(): Promise<Decision<UnitVerdict>> {
    await condition(() => this.#decision !== undefined);
    this.attention = undefined;
    return this.#decision!;
  }

  #mustWait(): void {
    if (!this.attention || this.#decision) {
      throw refusal(`${this.#serial} waits for no decision: it is under way`);
    }
  }

  #decide(verdict: UnitVerdict, input: DecisionInput | undefined): string {
    const code = this.attention!.code;
    this.#decision = { verdict, ...said(input), decidedAt: new Date().toISOString() };
    return `${verdict}: ${this.#serial} (${code}: ${FAILURES[code].hint})`;
  }
}

/** Earlier versions took any value as a reason: what they accepted is read as text. */
function said(input: DecisionInput | undefined): Pick<Decision, 'reason' | 'by'> {
  const { reason, by } = input ?? {};
  return {
    ...(reason !== undefined && { reason: typeof reason === 'string' ? reason : JSON.stringify(reason) }),
    ...(by !== undefined && { by }),
  };
}

/**
 * Earlier versions took a `retry` signal whatever it brought. A unit that did so before an update must do so when it is
 * replayed.
 */
function isMalformed(input: unknown): boolean {
  if (input === undefined || fitting(decisionCheck, MESSAGES.retry, input) !== undefined) return false;
  return patched('malformed-retry-ignored');
}
