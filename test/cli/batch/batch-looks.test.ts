import { ServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { looksAtBatch } from '../../../cli/batch/batch-looks.ts';
import type { BatchStanding } from '../../../cli/batch/batch-standing.ts';

const look = vi.hoisted(() => vi.fn<() => Promise<BatchStanding>>());
vi.mock('../../../cli/batch/batch-standing.ts', () => ({ batchStanding: look }));
vi.mock('../../../line/running-server.ts', () => ({ findRunningServer: () => Promise.resolve({}) }));
// Fake timers do not have it.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => void setTimeout(resolve, ms)),
}));

const SILENT: BatchStanding = { status: 'RUNNING', progress: undefined };
const UNREACHED = new ServiceError('14 UNAVAILABLE');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  look.mockReset();
});

/** Looks each second, for so many seconds at the most; returns how many looks there were, and what ended them. */
async function looks(most: number, each?: (second: number) => void) {
  const options = { batchId: 'PO-1-abcd', stateFolder: '/none', pauseMs: 1_000, signal: undefined };
  const seen = looksAtBatch({} as Client, options);
  for (let second = 1; second <= most; second++) {
    each?.(second);
    const next = seen.next().then(
      () => undefined,
      (error: unknown) => ({ second, error }),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    const end = await next;
    if (end !== undefined) return end;
  }
  return undefined;
}

it('gives up when the server answers for a minute, and no orchestrator does', async () => {
  look.mockResolvedValue(SILENT);
  const end = await looks(100);
  expect(end?.error).toMatchObject({ reason: 'lineNotRunning' });
  expect(end?.second).toBeGreaterThan(60);
});

it('waits ten minutes for a server that cannot be reached, and says that of the server', async () => {
  look.mockRejectedValue(UNREACHED);
  const end = await looks(1_000);
  expect(end).toMatchObject({ error: UNREACHED });
  expect(end?.second).toBeGreaterThan(600);
});

it('gives an orchestrator a minute after the server was away', async () => {
  look.mockRejectedValue(UNREACHED);
  const back = (second: number): void => void (second === 100 && look.mockResolvedValue(SILENT));
  const end = await looks(300, back);
  expect(end?.error).toMatchObject({ reason: 'lineNotRunning' });
  expect(end?.second).toBeGreaterThan(159);
});

it('does not give up because its own process, or the whole computer, was stopped', async () => {
  look.mockResolvedValue(SILENT);
  const pause = (second: number): void => void (second === 10 && vi.advanceTimersByTime(3_600_000));
  expect((await looks(100, pause))?.second).toBeGreaterThan(40);
});
