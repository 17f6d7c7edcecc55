import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { LotFiles } from '../manifests/answer/lot-files.ts';
import type { BatchProgress } from '../provisioning/batch.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import { batchWorkflowId, runIdOf } from '../provisioning/workflow-ids.ts';
import type { BatchRecord, Registry } from '../registry/registry.ts';
import { filesOf, presentFilesOf, writeStatus } from '../reports/lot-answers.ts';
import type { LotPulse, LotStatus } from '../reports/lot-status.ts';
import { brokenEnd, goneBatch } from '../temporal/broken-batch.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

/** How often it is seen whether a status is due. */
const LOOK_PAUSE_MS = 1_000;

/** A status is written at most so often. */
const WRITE_PAUSE_MS = 5_000;

/** Writing may take one part of so many of the time: the status of a million units takes half a minute. */
const PARTS = 50;

/** Where nothing changes, the time in the file still shows that somebody looks. */
const STALE_MS = 60_000;

/** The pace is that of the last minutes. */
const PACE_MS = 600_000;

/** At the start, a batch that ended so lately may have a status from before its end, if the line was killed then. */
const LATELY_MS = 24 * 3_600_000;

const QUERY_PATIENCE_MS = 5_000;

export interface LotStatusOptions {
  readonly registry: Registry;
  readonly inbox: string;
  readonly client: Client;
  readonly log: Logger;
  /** Between two statuses of one batch. */
  readonly pauseMs?: number;
}

/** Keeps the status of every batch that is open beside its manifest. The last status of a batch is written when it is closed. */
export function keepLotStatuses(options: LotStatusOptions): Role {
  const { registry, log } = options;
  const books = new Map<string, StatusBook>();
  /** Those that were closed before the start, and whose status this process has not written. */
  let closed: readonly BatchRecord[] | undefined;
  const look = async (): Promise<void> => {
    const open = await registry.openBatches();
    closed ??= await closedLately(registry);
    const written = new Set<string>();
    for (const batch of [...open, ...closed]) {
      if (batch.startedAt === undefined) continue;
      const book = books.get(batch.batchId) ?? new StatusBook(options);
      books.set(batch.batchId, book);
      try {
        if (await book.write(batch)) written.add(batch.batchId);
      } catch (err) {
        // The folder of one manufacturer may be full, or away.
        log.error(
          { batchId: batch.batchId, err },
          'the status of a batch is not written; the next look comes',
        );
      }
    }
    closed = closed.filter(({ batchId, startedAt }) => startedAt !== undefined && !written.has(batchId));
    const ids = new Set([...open, ...closed].map(({ batchId }) => batchId));
    for (const batchId of books.keys()) if (!ids.has(batchId)) books.delete(batchId);
  };
  return every(
    LOOK_PAUSE_MS,
    [{ run: look, failed: 'no status of a batch is written; the next look comes' }],
    log,
  );
}

async function closedLately(registry: Registry): Promise<BatchRecord[]> {
  const since = new Date(Date.now() - LATELY_MS).toISOString();
  const batches = await registry.listBatches();
  return batches.filter(({ state, closedAt = '' }) => state === 'closed' && closedAt > since);
}

/** The statuses of one batch that were written. */
class StatusBook {
  readonly #options: LotStatusOptions;
  readonly #ended: { readonly at: number; readonly units: number }[] = [];
  #dueAt = 0;
  #writtenAt = 0;
  #written = '';
  #files: LotFiles | undefined;

  constructor(options: LotStatusOptions) {
    this.#options = options;
  }

  /** Writes the status if it is news; false when it was not due. */
  async write(batch: BatchRecord): Promise<boolean> {
    const begun = performance.now();
    if (begun < this.#dueAt) return false;
    const { pauseMs = WRITE_PAUSE_MS } = this.#options;
    this.#dueAt = begun + pauseMs;
    // A batch that is slow to answer costs this process nothing.
    const pulse = { ...(await this.#progress(batch)), ...this.#pace() };
    const answered = performance.now();
    try {
      await this.#write(batch, pulse);
    } catch (error) {
      this.#written = '';
      throw error;
    }
    const written = performance.now();
    this.#dueAt = Math.max(begun + pauseMs, written + PARTS * (written - answered));
    return true;
  }

  async #write(batch: BatchRecord, pulse: LotPulse): Promise<void> {
    const { registry, inbox } = this.#options;
    // A batch that has ended leaves nothing in a folder where it has no other answer: they were moved, or the inbox is another one.
    const find = batch.state === 'closed' ? presentFilesOf : filesOf;
    const files = (this.#files ??= await find(registry, inbox, batch));
    if (files === undefined) return;
    const status = await writeStatus(registry, files, batch, pulse, (found) => this.#isNews(found));
    this.#note(status);
    // The batch was closed meanwhile, and its last status may have been overwritten.
    const now = await registry.batch(batch.batchId);
    if (now?.state !== batch.state && now !== undefined) await writeStatus(registry, files, now);
  }

  #isNews(status: LotStatus): boolean {
    // The expected end changes all the time.
    const text = JSON.stringify({ ...status, expectedEnd: status.expectedEnd !== undefined });
    const isNews = text !== this.#written || performance.now() - this.#writtenAt > STALE_MS;
    if (isNews) {
      this.#written = text;
      this.#writtenAt = performance.now();
    }
    return isNews;
  }

  #note({ units: { passed, failed, errors, held } }: LotStatus): void {
    const at = performance.now();
    this.#ended.push({ at, units: passed + failed + errors + held });
    while (this.#ended[0] !== undefined && at - this.#ended[0].at > PACE_MS) this.#ended.shift();
  }

  /** Units that ended in a second, of those that ended while this process looked. */
  #pace(): { readonly rate?: number } {
    const [first, last] = [this.#ended[0], this.#ended.at(-1)];
    if (first === undefined || last === undefined || last.units <= first.units) return {};
    return { rate: (last.units - first.units) / ((performance.now() - first.at) / 1_000) };
  }

  /** Nothing where a run does not answer. One that was ended by hand still answers, as if it ran: it is not asked. */
  async #progress({ batchId, closedAt }: BatchRecord): Promise<Omit<LotPulse, 'rate'>> {
    const { registry, client } = this.#options;
    const supplements = (await registry.supplements(batchId)).filter((each) => each.closedAt === undefined);
    const runs = [...(closedAt === undefined ? [undefined] : []), ...supplements.map(({ number }) => number)];
    try {
      const seen = await client.withDeadline(Date.now() + QUERY_PATIENCE_MS, () =>
        Promise.all(runs.map((number) => lookAtRun(client, runIdOf(batchId, number)))),
      );
      const broken = seen.filter((each) => typeof each === 'string');
      return broken.length > 0 ? { broken } : { progress: seen.filter((each) => typeof each !== 'string') };
    } catch (error) {
      this.#options.log.warn(
        { batchId, err: error },
        'the batch does not answer: its status is by the record',
      );
      return {};
    }
  }
}

/** What a run says of itself, or that it was ended in Temporal. */
async function lookAtRun(client: Client, runId: string): Promise<BatchProgress | string> {
  const handle = client.workflow.getHandle(batchWorkflowId(runId));
  try {
    const { status, closeTime } = await handle.describe();
    const broken = brokenEnd(runId, { status: status.name, endedAt: closeTime });
    return broken ?? (await handle.query<BatchProgress>(MESSAGES.progress));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return goneBatch(runId);
    throw error;
  }
}
