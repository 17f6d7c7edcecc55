import { ApplicationFailure } from '@temporalio/common';
import { Context } from '@temporalio/activity';
import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';
import { printable } from '../provisioning/printable.ts';
import { retryPauseMs } from '../provisioning/retry-pause.ts';

/** Our own sentences are shorter; a longer text is not ours. */
const MESSAGE_MAX_CHARACTERS = 500;

/**
 * bounded: a step. When the attempts of its code are exhausted, a person decides. elsewhere: a step that another station may
 * take, where the fault is of this one. endless: bookkeeping, about which nobody could decide anything, and without which a
 * batch never ends.
 */
export type Patience = 'bounded' | 'elsewhere' | 'endless';

/** How often a step is tried that failed by the fault of a station: another one may take it, or the same one once it is corrected. */
const TRIES_ELSEWHERE = 5;

/**
 * The single translation of a room's error into Temporal's terms: type = code, retried as the failure table says, final
 * when the attempts of the code are exhausted. Stack and cause stay in the log of the host: a history stays and is
 * read by many.
 */
export function toFailure(
  error: unknown,
  tries: Tries,
  fault: FailureCode,
  patience: Patience = 'bounded',
): ApplicationFailure {
  const code = codeOf(error) ?? fault;
  const row = FAILURES[code];
  const attempt = (tries[code] ?? 0) + 1;
  const isElsewhere = patience === 'elsewhere' && row.stopsStation;
  const most = isElsewhere ? Math.max(row.attempts, TRIES_ELSEWHERE) : row.attempts;
  const isSpent = patience !== 'endless' && attempt >= most;
  const failure = ApplicationFailure.create({
    type: code,
    message: messageOf(error, code),
    nonRetryable: (row.retry === 'never' && !isElsewhere) || isSpent,
    nextRetryDelay: retryPauseMs(row, attempt),
  });
  failure.stack = '';
  return failure;
}

/**
 * Runs one activity: what it throws is logged here, on its own host, and translated. A cancelled activity stays a
 * cancelled one.
 */
export async function translated<T>(
  fault: FailureCode,
  run: () => Promise<T>,
  patience: Patience = 'bounded',
): Promise<T> {
  const context = Context.current();
  try {
    return await run();
  } catch (error) {
    if (context.cancellationSignal.aborted) {
      context.log.info('activity cancelled', { error });
      return await context.cancelled;
    }
    context.log.warn('activity failed', { error });
    const tries = triesBefore(context);
    const failure = toFailure(error, tries, fault, patience);
    const code = failure.type as FailureCode;
    context.heartbeat({ ...tries, [code]: (tries[code] ?? 0) + 1 });
    throw failure;
  }
}

/** How often a step has failed with each code. It travels to the next try as heartbeat details. */
export type Tries = Partial<Record<FailureCode, number>>;

/**
 * What earlier tries failed with. Codes are counted apart: a lost race for a board, or a killed station, must not
 * exhaust the tries of a board that does not answer.
 */
export function triesBefore(context: Context): Tries {
  return (context.info.heartbeatDetails as Tries | undefined) ?? {};
}

/** Codes of errors whose room is named by the class that carries the code. */
function codeOf(error: unknown): FailureCode | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  return isFailureCode(code) ? code : undefined;
}

/** The messages of our own errors contain no secrets; any other text stays out of the history. */
function messageOf(error: unknown, code: FailureCode): string {
  const ours = codeOf(error) !== undefined && error instanceof Error;
  return ours ? printable(error.message).slice(0, MESSAGE_MAX_CHARACTERS) : FAILURES[code].hint;
}
