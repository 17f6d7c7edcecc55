import type { Logger } from 'pino';
import type { Registry } from '../registry/registry.ts';
import { rewriteAnswers } from '../reports/closed-batch-answers.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

/** The workflow that makes a change has the answers written at once, and the largest take half a minute. */
const LATE_MS = 60_000;

const LOOK_PAUSE_MS = 10_000;

export interface LateAnswersOptions {
  readonly registry: Registry;
  readonly inbox: string;
  readonly log: Logger;
  /** A change is late after so long. */
  readonly lateMs?: number;
  /** Between two looks. */
  readonly pauseMs?: number;
}

/**
 * Writes the answers of closed batches that changed some time ago and do not have it: the workflow that was to write them was ended
 * in Temporal, or a revocation list came.
 */
export function writeLateAnswers(options: LateAnswersOptions): Role {
  const { registry, inbox, log, lateMs = LATE_MS, pauseMs = LOOK_PAUSE_MS } = options;
  const write = async (): Promise<void> => {
    const late = await registry.lateAnswers(new Date(Date.now() - lateMs).toISOString());
    for (const batchId of late) {
      try {
        await rewriteAnswers(registry, inbox, batchId);
      } catch (err) {
        // The folder of one manufacturer may be full, or away.
        log.error({ batchId, err }, 'the result of a batch is not rewritten; the next look comes');
      }
    }
  };
  return every(
    pauseMs,
    [{ run: write, failed: 'no result of a batch is rewritten; the next look comes' }],
    log,
  );
}
