import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { RecalledUnit } from '../../provisioning/registration.ts';
import { signingRequestId } from '../../provisioning/signing-request-id.ts';
import type { UnitReport } from '../../provisioning/unit.ts';
import type { UnitPassage } from './unit-passage.ts';

/** The unit has ended before: this run must not make it again. */
export class EndedBefore<Recalled extends RecalledUnit = RecalledUnit> extends Error {
  readonly recalled: Recalled;

  constructor(recalled: Recalled) {
    super('the unit has ended before');
    this.recalled = recalled;
  }
}

/** The unit continues, and not with the attempt of which this run has replayed the beginning. */
export class FurtherAttempt extends Error {
  readonly attempt: number;
  /** The attempt that this run had replayed when it first asked. */
  readonly underWay: number;

  constructor(attempt: number, underWay: number) {
    super(`attempt ${attempt} is next`);
    this.attempt = attempt;
    this.underWay = underWay;
  }
}

/**
 * A run that somebody made by hand: by Reset, or by starting the workflow again, which no chunk does. Before it does anything
 * it asks the registry how the unit stands, once. `patched` is false while what was before a reset is replayed.
 */
export class RestartedUnit<Recalled extends RecalledUnit = RecalledUnit> {
  #recalled: Recalled | undefined;
  #isSettled = false;
  #underWay: number | undefined;
  readonly #ask: () => Promise<Recalled>;
  readonly isByHand: boolean;
  readonly #isReset: boolean;

  /** `ask`: how the unit stands, by the registry. */
  constructor(ask: () => Promise<Recalled>) {
    this.#ask = ask;
    const { parent, runId, firstExecutionRunId } = workflowInfo();
    this.#isReset = runId !== firstExecutionRunId;
    this.isByHand = this.#isReset || parent === undefined;
  }

  /** What the registry said, if it was asked. */
  get recalled(): Recalled | undefined {
    return this.#recalled;
  }

  /** Call before anything is decided or recorded. Throws EndedBefore. */
  async recall(): Promise<void> {
    if (!this.isByHand || this.#recalled !== undefined || !patched('recall-restarted-unit')) return;
    this.#recalled = await this.#ask();
    if (this.#recalled.outcome !== undefined) throw new EndedBefore(this.#recalled);
  }

  /** Call before each step. Throws EndedBefore or FurtherAttempt: the latter until the unit has started over. */
  async mayBegin(passage: UnitPassage): Promise<void> {
    await this.recall();
    if (this.#recalled === undefined || this.#isSettled) return;
    const { attempt, released = 0 } = this.#recalled;
    const current = passage.unit.attempt;
    // A board that is proven needs its registration only, unless another attempt followed.
    const isProven = passage.verified && attempt <= current;
    // What the run before this one did in its last attempt is unknown here: its key and its certificate must not be used.
    // A word that the intake has given gives no other number, and that one may be used.
    if (!isProven && (this.#isReset || attempt > 0))
      throw new FurtherAttempt(Math.max(current, attempt + 1, released) + 1, (this.#underWay ??= current));
    this.#isSettled = true;
  }

  /** The unit has started over: what the run before had left is known, and used or not. */
  settle(): void {
    this.#isSettled = true;
  }
}

/** The unit ends as it had ended. */
export function endAgain({ unit }: UnitPassage, recalled: RecalledUnit): UnitReport {
  const { outcome = 'ERROR', attempt, code, fingerprint, spkiSha256 } = recalled;
  const report: UnitReport = {
    serial: unit.serial,
    outcome,
    attempts: attempt,
    ...(code && { code }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(spkiSha256 !== undefined && { requestId: signingRequestId(unit, spkiSha256) }),
  };
  if (outcome === 'PASS') return report;
  const because = code === undefined ? '' : ` ${FAILURES[code].hint}`;
  throw ApplicationFailure.create({
    type: code ?? 'ENDED_BEFORE',
    message: `${unit.serial} had ended as ${outcome} before.${because}`,
    nonRetryable: true,
    details: [report],
  });
}
