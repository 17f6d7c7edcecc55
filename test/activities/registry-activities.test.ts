import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { SqliteRegistry } from '../../registry/sqlite/sqlite-registry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('tries to close a batch for as long as its result cannot be written', async () => {
  const inbox = temporaryFolder();
  const registry = new SqliteRegistry(join(inbox, 'registry.db'));
  const batch = {
    batchId: 'B',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'a'.repeat(64),
    quantity: 1,
  };
  await registry.importBatch(batch, rows());
  // A folder in the place of the result: nothing can be put there.
  mkdirSync(join(inbox, 'lot.result.csv', 'in-the-way'), { recursive: true });
  const books = createRegistryActivities(registry, inbox);
  const failure = await asActivity(100, () => books.closeBatch({ batchId: 'B', cancelled: false }));
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'REGISTRY_FAULT', nonRetryable: false });
  expect((await registry.batchSummary('B')).batch.state).toBe('open');
  registry.close();
});

it('takes a reason that is no text, which a unit of an earlier version waits to have recorded', async () => {
  const folder = temporaryFolder();
  const registry = new SqliteRegistry(join(folder, 'registry.db'));
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  await registry.importBatch({ ...named, quantity: 1 }, rows());
  const books = createRegistryActivities(registry, folder);
  const unit = { batchId: 'B', order: 'PO-1', serial: 'CL-1', product: 'node', attempt: 1 };
  const end = { unit, step: 'verifyReadback', code: 'READ_BACK_DIFFERS', outcome: 'HOLD' } as const;
  const reason: unknown = { a: 'x'.repeat(60_000) };
  const recorded = await asActivity(1, () => books.recordFailure({ ...end, reason: reason as string }));
  expect(recorded).toBeUndefined();
  const [attempt] = (await registry.unit('CL-1'))!.attempts;
  expect(attempt?.reason).toMatch(/^\{"a":"x{494}$/);
  registry.close();
});

async function* rows() {
  yield { serial: 'CL-1', product: 'node', attrs: {} };
}

/** What the step throws when it runs as a worker's activity for the nth time. */
async function asActivity(attempt: number, step: () => Promise<unknown>): Promise<unknown> {
  const context = {
    info: { attempt, heartbeatTimeoutMs: 12_000, heartbeatDetails: { REGISTRY_FAULT: attempt - 1 } },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return await asyncLocalStorage.run(context as unknown as Context, () =>
    step().catch((error: unknown) => error),
  );
}
