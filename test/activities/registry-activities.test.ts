import { ApplicationFailure } from '@temporalio/common';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { OUTBOX_PATIENCE_MS } from '../../provisioning/timeouts.ts';
import type { Registration } from '../../registry/registry.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { asActivity } from './as-activity.ts';
import { registryParts } from './trust.ts';
import { readCsv } from '../manifests/csv/read-csv.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('tries to close a batch for as long as its result cannot be written', async () => {
  const inbox = temporaryFolder();
  const registry = openRegistryFile(join(inbox, 'registry.db'));
  const batch = {
    batchId: 'B',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'a'.repeat(64),
    quantity: 1,
  };
  await registry.importBatch(batch, rows('CL-1'));
  // A folder in the place of the result: nothing can be put there.
  mkdirSync(join(inbox, 'lot.result.csv', 'in-the-way'), { recursive: true });
  const books = createRegistryActivities(registryParts(registry, inbox));
  const failure = await asActivity(100, () => books.closeBatch({ batchId: 'B', cancelled: false }));
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'REGISTRY_FAULT', nonRetryable: false });
  const { batch: kept } = await registry.batchSummary('B');
  expect(kept).toMatchObject({ state: 'open' });
  expect(kept).not.toHaveProperty('resultVersion');
  await registry.close();
});

it('closes a run of a batch while another run has units under way, and not before its own have ended', async () => {
  const inbox = temporaryFolder();
  const registry = openRegistryFile(join(inbox, 'registry.db'));
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  await registry.importBatch({ ...named, quantity: 3 }, rows('CL-1', 'CL-2', 'CL-3'));
  const failed = {
    batchId: 'B',
    step: 'flashCredentials',
    code: 'BOARD_GONE',
    outcome: 'HOLD',
    attempt: 1,
  } as const;
  for (const serial of ['CL-1', 'CL-2']) await registry.recordOutcome({ ...failed, serial });
  const decision = { verdict: 'rerun', decidedAt: '2026-01-02T00:00:00.000Z' };
  await registry.openSupplement({
    batchId: 'B',
    number: 1,
    choice: { serials: ['CL-1', 'CL-2'] },
    decision,
  });
  const running = new Set<string>();
  const work = {
    unitRuns: async () => false,
    running: async function* () {
      for (const workflowId of running)
        yield { workflowId, ...(workflowId.startsWith('unit/') && { serial: workflowId.slice(5) }) };
    },
    isOrchestrated: async () => true,
  };
  const books = createRegistryActivities(registryParts(registry, inbox, { work }));
  const close = async (supplement?: number): Promise<unknown> => {
    const run = supplement === undefined ? {} : { supplement };
    const workflowId = supplement === undefined ? 'batch/B' : `batch/B/supplement-${supplement}`;
    return await asActivity(1, () => books.closeBatch({ batchId: 'B', cancelled: true, ...run }), workflowId);
  };
  const stillRuns = { type: 'REGISTRY_FAULT', message: expect.stringContaining('under way') as string };
  for (const own of ['unit/CL-2', 'batch/B/supplement-1/chunk-00001']) {
    running.add(own);
    expect(await close(1)).toMatchObject(stillRuns);
    running.delete(own);
  }
  // What runs of the first run is nothing to the supplement.
  for (const other of ['unit/CL-3', 'batch/B/chunk-00001']) running.add(other);
  expect(await close(1)).toMatchObject({ held: 2 });
  expect(await close()).toMatchObject(stillRuns);
  running.clear();
  for (const other of ['unit/CL-2', 'batch/B/supplement-1/chunk-00001']) running.add(other);
  expect(await close()).toMatchObject({ held: 3 });
  await registry.close();
});

it('never overwrites the result of another batch whose manifest had the same name', async () => {
  const inbox = temporaryFolder();
  const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
  const books = createRegistryActivities(registryParts(registry, inbox));
  const close = async (batchId: string) =>
    await asActivity(1, () => books.closeBatch({ batchId, cancelled: true }), `batch/${batchId}`);
  for (const [at, batchId] of ['PO-1-a', 'PO-1-b'].entries()) {
    const batch = { batchId, order: 'PO-1', manifest: 'lot.csv', manifestSha256: String(at).repeat(64) };
    await registry.importBatch({ ...batch, quantity: 1 }, rows(`CL-${at}`));
  }
  // The later one ends first, and ends twice: its supplement, for one.
  for (const batchId of ['PO-1-b', 'PO-1-a', 'PO-1-b'])
    expect(await close(batchId)).not.toBeInstanceOf(Error);
  expect(readdirSync(inbox).toSorted()).toEqual([
    'lot.report.PO-1-b.html',
    'lot.report.html',
    'lot.result.PO-1-b.csv',
    'lot.result.csv',
    'lot.status.PO-1-b.csv',
    'lot.status.PO-1-b.json',
    'lot.status.csv',
    'lot.status.json',
  ]);
  const statusOf = (file: string): object => JSON.parse(readFileSync(join(inbox, file), 'utf8')) as object;
  expect(statusOf('lot.status.json')).toMatchObject({ batch: 'PO-1-a', result: { version: 1 } });
  expect(statusOf('lot.status.PO-1-b.json')).toMatchObject({
    state: 'closed',
    result: { file: 'lot.result.PO-1-b.csv', version: 2 },
  });
  expect(readFileSync(join(inbox, 'lot.report.html'), 'utf8')).toMatch(/Lot PO-1-a.*>Closed<\/t[dh]><td>20/s);
  expect(readCsv(join(inbox, 'lot.result.csv'))).toMatchObject([
    { order: 'PO-1', batch: 'PO-1-a', serial: 'CL-0', result_version: '1' },
  ]);
  expect(readCsv(join(inbox, 'lot.result.PO-1-b.csv'))).toMatchObject([
    { order: 'PO-1', batch: 'PO-1-b', serial: 'CL-1', result_version: '2' },
  ]);
  await registry.close();
});

it('does not close a batch before all device registries have its units, and says what is missing', async () => {
  const inbox = temporaryFolder();
  const registry = openRegistryFile(join(inbox, 'registry.db'));
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  await registry.importBatch({ ...named, quantity: 1 }, rows('CL-1'));
  await registry.registerUnit({ ...registrationOf('CL-1', 'k1'), registries: ['erp'] });
  const [entry] = await registry.outbox.due('erp', Date.now(), 1);
  const { entryId, version } = entry!;
  const fault = { reason: 'refused', message: 'No.', isUnknown: false, isOwn: false } as const;
  const pace = { firstPauseMs: 1, longestPauseMs: 1 };
  const standing = { failures: 0, pausedUntil: 0 };
  const books = createRegistryActivities(registryParts(registry, inbox));
  const close = () => books.closeBatch({ batchId: 'B', cancelled: false });
  // Nobody sends what is due there: that is said at once.
  const before = performance.now();
  expect(await asActivity(100, close)).toMatchObject({
    type: 'OUTBOX_OPEN',
    message: expect.stringContaining('erp (1 waiting, 0 parked, not in the configuration)'),
  });
  expect(performance.now() - before).toBeLessThan(OUTBOX_PATIENCE_MS);
  await registry.outbox.settle('erp', [{ entryId, version, fault, at: Date.now(), pace }], standing);
  expect(await asActivity(100, close)).toMatchObject({
    type: 'OUTBOX_OPEN',
    nonRetryable: false,
    message: expect.stringContaining('erp (0 waiting, 1 parked, not in the configuration)'),
  });
  expect((await registry.batchSummary('B')).batch.state).toBe('open');
  await registry.outbox.abandon({ serial: 'CL-1' }, { reason: 'scrap', by: 'mara' });
  expect(await asActivity(100, close)).toMatchObject({ passed: 1 });
  expect((await registry.batchSummary('B')).batch.state).toBe('closed');
  await registry.close();
});

it('takes a reason that is no text, which a unit of an earlier version waits to have recorded', async () => {
  const folder = temporaryFolder();
  const registry = openRegistryFile(join(folder, 'registry.db'));
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  await registry.importBatch({ ...named, quantity: 1 }, rows('CL-1'));
  const books = createRegistryActivities(registryParts(registry, folder));
  const unit = { batchId: 'B', order: 'PO-1', serial: 'CL-1', product: 'node', attempt: 1 };
  const end = { unit, step: 'verifyReadback', code: 'READ_BACK_DIFFERS', outcome: 'HOLD' } as const;
  const reason: unknown = { a: 'x'.repeat(60_000) };
  const failing = () => books.recordFailure({ ...end, reason: reason as string });
  const recorded = await asActivity(1, failing, 'unit/CL-1');
  expect(recorded).toEqual({});
  const [attempt] = (await registry.unit('CL-1'))!.attempts;
  expect(attempt?.reason).toMatch(/^\{"a":"x{494}$/);
  await registry.close();
});

it('judges certificates by what the registry says of their units', async () => {
  const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
  const batch = {
    batchId: 'B',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'a'.repeat(64),
    quantity: 3,
  };
  await registry.importBatch(batch, rows('CL-1', 'CL-2', 'CL-3'));
  await registry.registerUnit(registrationOf('CL-1', 'k1'));
  const failure = { batchId: 'B', serial: 'CL-2', attempt: 1, step: 'flashCredentials', code: 'BOARD_GONE' };
  await registry.recordOutcome({ ...failure, step: 'flashCredentials', outcome: 'HOLD' });
  const certificate = (serial: string, spkiSha256: string) => ({
    requestId: `B/${serial}/${spkiSha256}`,
    serial,
    attempt: 1,
    spkiSha256,
  });
  const certificates = [
    certificate('CL-1', 'k1'),
    certificate('CL-1', 'another key of a unit that passed'),
    certificate('CL-2', 'k2'),
    certificate('CL-3', 'its unit has not ended'),
    certificate('CL-9', 'of no manifest'),
  ];
  const books = createRegistryActivities(registryParts(registry, temporaryFolder()));
  expect(await asActivity(1, () => books.judgeCertificates({ batchId: 'B', certificates }))).toEqual({
    passed: [{ requestId: 'B/CL-1/k1' }],
    ended: [{ ...certificates[2], ended: { spkiSha256: 'k2', signature: expect.any(String) as string } }],
  });
  await registry.close();
});

it('records a terminated unit once, and takes no registration of it that comes later', async () => {
  const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  await registry.importBatch({ ...named, quantity: 2 }, rows('CL-1', 'CL-2'));
  await registry.registerUnit(registrationOf('CL-1', 'k1'));
  const failure = { batchId: 'B', serial: 'CL-2', attempt: 2, code: 'BOARD_GONE' };
  await registry.recordAttention({ ...failure, step: 'flashCredentials' });
  const books = createRegistryActivities(registryParts(registry, temporaryFolder()));
  const end = (serial: string) => asActivity(1, () => books.recordTermination({ batchId: 'B', serial }));
  expect(await end('CL-1')).toEqual({ outcome: 'PASS', attempt: 1 });
  for (let time = 0; time < 2; time += 1) expect(await end('CL-2')).toEqual({ outcome: 'ERROR', attempt: 2 });
  expect(await registry.unit('CL-2')).toMatchObject({
    outcome: 'ERROR',
    code: 'UNIT_TERMINATED',
    step: 'flashCredentials',
    attention: false,
  });
  const late = registry.registerUnit({ ...registrationOf('CL-2', 'k2'), attempt: 2 });
  await expect(late).rejects.toThrow('has ended without a pass');
  expect(await registry.chunkRows('B', 1, 250)).toEqual([
    { serial: 'CL-1', product: 'node', outcome: 'PASS' },
    { serial: 'CL-2', product: 'node', outcome: 'ERROR' },
  ]);
  await registry.close();
});

it('names the board of a terminated unit that had a certificate, as it may be in the good tray', async () => {
  const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  await registry.importBatch({ ...named, quantity: 3 }, rows('CL-1', 'CL-2', 'CL-3'));
  const failure = { batchId: 'B', serial: 'CL-2', attempt: 1, code: 'BOARD_GONE', boardId: 'b1' };
  await registry.recordAttention({ ...failure, step: 'flashCredentials' });
  const books = createRegistryActivities(registryParts(registry, temporaryFolder()));
  const certificateOf = (serial: string, attempt: number) => ({
    requestId: serial,
    serial,
    attempt,
    spkiSha256: 'a'.repeat(64),
    boardId: `b${attempt + 7}`,
    stationId: 'st-1',
  });
  for (const certificate of [certificateOf('CL-1', 1), certificateOf('CL-2', 2)])
    expect(
      await asActivity(1, () =>
        books.recordTermination({ batchId: 'B', serial: certificate.serial, certificate }),
      ),
    ).toEqual({
      outcome: 'ERROR',
      attempt: certificate.attempt,
      ended: { spkiSha256: certificate.spkiSha256, signature: expect.any(String) as string },
    });
  const certificates = [certificateOf('CL-3', 1)];
  await asActivity(1, () => books.judgeCertificates({ batchId: 'B', certificates, isOver: true }));
  const results = await Array.fromAsync(registry.resultRows('B'));
  expect(results).toMatchObject([
    { serial: 'CL-1', outcome: 'ERROR', code: 'UNIT_TERMINATED', attempts: 1, boardId: 'b8' },
    { serial: 'CL-2', outcome: 'ERROR', code: 'UNIT_TERMINATED', attempts: 2, boardId: 'b9' },
    { serial: 'CL-3', outcome: 'ERROR', code: 'UNIT_TERMINATED', attempts: 1, boardId: 'b8' },
  ]);
  expect((await registry.unit('CL-2'))!.attempts.map(({ message }) => message)).toEqual([
    undefined,
    expect.stringMatching(/board b9 at st-1 .* take that board back from the good tray/),
  ]);
  expect(await registry.socketYields()).toEqual([]);
  await registry.close();
});

/** A unit that passed at its first attempt. */
function registrationOf(serial: string, spkiSha256: string): Registration {
  const certificate = Buffer.from(`certificate of ${serial}`);
  return {
    batchId: 'B',
    serial,
    attempt: 1,
    stationId: 'st-1',
    socket: '1',
    boardId: `board of ${serial}`,
    certificate,
    certificateSerial: `number of ${serial}`,
    certificateSha256: createHash('sha256').update(certificate).digest('hex'),
    spkiSha256,
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '9999-12-31T23:59:59.000Z',
    startedAt: '2026-01-01T00:00:00.000Z',
    verifiedAt: '2026-01-01T00:00:01.000Z',
    evidence: {},
  };
}

async function* rows(...serials: string[]) {
  for (const serial of serials) yield { serial, product: 'node', attrs: {} };
}
