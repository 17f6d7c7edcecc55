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
  /** Its board was proven: the tile says PASS, and only the registration is missing. */
  #provenBoard: string | undefined;
  #decision: Decision<UnitEnd> | undefined;
  #closing: Decision<UnitEnd> | undefined;
  #onClose: () => void = () => undefined;
  /** It waits for a board, or has just got one. */
  #isClaiming = false;
  readonly #serial: string;

  /** `keepsCertificate`: it passed, and keeps its certificate until it has another one, so it is not scrapped by the way. */
  constructor(serial: string, { keepsCertificate = false } = {}) {
    this.#serial = serial;
    const validator = (...args: unknown[]): void => {
      mustFit(decisionCheck, ARGUMENT, args);
      this.#mustWait();
    };
    setHandler(retry, (input) => this.#decide('retry', input), {
      validator,
      description: `Try this unit again. Optional argument: ${ARGUMENT}`,
    });
    setHandler(skip, (input) => (this.attention ? this.#decide('skip', input) : this.#leaveOut(input)), {
      validator: (...args: unknown[]): void => {
        mustFit(decisionCheck, ARGUMENT, args);
        if (!this.#isClaiming || this.#closing) this.#mustWait();
      },
      description: `Leave this unit out of the batch, if it waits for a decision or a board; it ends as HOLD. Optional argument: ${ARGUMENT}`,
    });
    setHandler(scrap, (input) => this.#decide('scrap', input), {
      validator: (...args: unknown[]) => {
        validator(...args);
        if (keepsCertificate)
          throw refusal(
            `${serial} has passed and keeps its certificate: skip it, and create a rework of the kind scrap`,
          );
      },
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

  /** Its batch is being closed, or it is left out: the unit waits no more, and a claim of a board is given up. */
  get closing(): Decision<UnitEnd> | undefined {
    return this.#closing;
  }

  /** `onClose` runs when the batch is closed, or the unit left out, while `work`, the claim of a board, is under way, or before. */
  async untilClosed<T>(work: () => Promise<T>, onClose: () => void): Promise<T> {
    this.#onClose = onClose;
    this.#isClaiming = true;
    try {
      // Nobody says so a second time: it may have been closed while it had no permit yet.
      if (this.#closing && patched('closed-before-claim')) onClose();
      return await work();
    } finally {
      this.#isClaiming = false;
      this.#onClose = () => undefined;
    }
  }

  #close(input: DecisionInput | undefined): void {
    this.#closing ??= decidedNow('close', said(input));
    if (this.attention) this.#decision ??= this.#closing;
    this.#onClose();
  }

  /** No board has been claimed, as far as is known: a unit that has just got one continues, and ends so if it fails. */
  #leaveOut(input: DecisionInput | undefined): string {
    this.#closing = decidedNow('skip', said(input));
    this.#onClose();
    return `skip: ${this.#serial} no longer waits for a board; if it has just got one, it finishes normally`;
  }

  /** From now on the unit waits. Called before that becomes visible: anyone who sees it must be able to decide. */
  open(attention: Attention, provenBoard?: string): void {
    this.#decision = this.#closing;
    this.#provenBoard = provenBoard;
    this.attention = attention;
  }

  /** Waits, for as long as it takes, until somebody decides. */
  async decision(): Promise<Decision<UnitEnd>> {
    await condition(() => this.#decision !== undefined);
    this.attention = undefined;
    return this.#decision!;
  }

  /**
   * The unit is being cancelled: from now on nobody decides. Returns the skip or scrap that was answered before, with which the
   * unit ends. Earlier versions forgot that, and took decisions that changed nothing.
   */
  shut(): Decision<UnitEnd> | undefined {
    const { verdict } = this.#decision ?? {};
    const ending = verdict === 'skip' || verdict === 'scrap' ? this.#decision : undefined;
    if (!(ending ?? this.attention) || !patched('decided-before-cancelled')) return undefined;
    this.attention = undefined;
    return ending;
  }

  #mustWait(): void {
    if (!this.attention || this.#decision) {
      throw refusal(`${this.#serial} waits for no decision: it is under way`);
    }
  }

  #decide(verdict: UnitVerdict, input: DecisionInput | undefined): string {
    const code = this.attention!.code;
    this.#decision = decidedNow(verdict, said(input));
    const board = this.#provenBoard;
    const tray =
      verdict === 'retry' || board === undefined
        ? ''
        : `. Its tile said PASS: take board ${board} back from the good tray`;
    return `${verdict}: ${this.#serial} (${code}: ${FAILURES[code].hint})${tray}`;
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
