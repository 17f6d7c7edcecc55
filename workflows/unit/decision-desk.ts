import { condition, patched, setHandler } from '@temporalio/workflow';
import { decidedNow, saidIn } from '../../provisioning/decision.ts';
import type { Decision, UnitEnd, UnitVerdict } from '../../provisioning/decision.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { DecisionInput } from '../../provisioning/messages.ts';
import type { Attention } from '../../provisioning/unit.ts';
import { fitting, mustFit, refusal } from '../checked-message.ts';
import { decisionCheck } from '../message-schemas.ts';
import { closeUnits, retry, retrySignal, scrap, skip } from '../messages.ts';

const ARGUMENT = '{"reason": "why", "by": "your name"}';

/** Where a unit waits for a person: `retry`, `skip` and `scrap` are refused unless it does. */
export class DecisionDesk {
  attention: Attention | undefined;
  #decision: Decision<UnitEnd> | undefined;
  #closing: Decision<UnitEnd> | undefined;
  #onClose: () => void = () => undefined;
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
      closeUnits,
      (input) => {
        if (input === undefined || fitting(decisionCheck, MESSAGES.closeUnits, input)) this.#close(input);
      },
      { description: 'The batch is closed: the unit ends as HOLD if it waits, or once it would wait' },
    );
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

  /** Its batch is being closed: the unit waits no more, and a claim of a board is given up. */
  get closing(): Decision<UnitEnd> | undefined {
    return this.#closing;
  }

  /** Runs when the batch is closed while `work` is under way. */
  async untilClosed<T>(work: () => Promise<T>, onClose: () => void): Promise<T> {
    this.#onClose = onClose;
    try {
      return await work();
    } finally {
      this.#onClose = () => undefined;
    }
  }

  #close(input: DecisionInput | undefined): void {
    this.#closing ??= decidedNow('close', said(input));
    if (this.attention) this.#decision ??= this.#closing;
    this.#onClose();
  }

  /** From now on the unit waits. Called before that becomes visible: anyone who sees it must be able to decide. */
  open(attention: Attention): void {
    this.#decision = this.#closing;
    this.attention = attention;
  }

  /** Waits, for as long as it takes, until somebody decides. */
  async decision(): Promise<Decision<UnitEnd>> {
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
    this.#decision = decidedNow(verdict, said(input));
    return `${verdict}: ${this.#serial} (${code}: ${FAILURES[code].hint})`;
  }
}

/** Earlier versions took any value as a reason: what they accepted is read as text. */
function said(input: DecisionInput | undefined): Pick<Decision, 'reason' | 'by'> {
  const { reason, by } = input ?? {};
  const text = reason === undefined || typeof reason === 'string' ? reason : JSON.stringify(reason);
  return saidIn({ reason: text, by });
}

/**
 * Earlier versions took a `retry` signal whatever it brought. A unit that did so before an update must do so when it is
 * replayed.
 */
function isMalformed(input: unknown): boolean {
  if (input === undefined || fitting(decisionCheck, MESSAGES.retry, input) !== undefined) return false;
  return patched('malformed-retry-ignored');
}
