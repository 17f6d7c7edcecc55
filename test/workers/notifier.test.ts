import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import { RoleNotices } from '../../workers/role-notices.ts';
import { startNotifier } from '../../workers/notifier.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts';

const log = pino({ level: 'silent' });
/** A registry with a batch of two units, of which everybody outside is to hear. */
async function openLot(): Promise<{ registry: SqlRegistry; path: string; secretFile: string }> {
  const folder = temporaryFolder();
  const path = join(folder, 'registry.db');
  const secretFile = join(folder, 'notifications.secret');
  writeFileSync(secretFile, WEBHOOK_SECRET, { mode: 0o600 });
  const registry = openRegistryFile(path);
  registry.notices.start();
  await registry.importBatch(
    { batchId: 'B-1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'aa'.repeat(32), quantity: 2 },
    (async function* rows() {
      for (const serial of ['CL-1', 'CL-2']) yield { serial, product: 'node', attrs: {} };
    })(),
  );
  return { registry, path, secretFile };
}

const waits = (serial: string, attempt = 1) => ({
  batchId: 'B-1',
  serial,
  attempt,
  step: 'verifyReadback' as const,
  code: 'READ_BACK_DIFFERS',
  stationId: 'st-1',
  socket: '2',
  boardId: 'ab12',
});

it('a receiver hears that units wait and that their batch ended, each once', async () => {
  const { registry, secretFile } = await openLot();
  const { events, url } = await startReceiver();
  const notifier = startNotifier(registry.notices, { url, secretFile }, log);
  await registry.recordAttention(waits('CL-1'));
  // An activity runs again if its answer was lost.
  await registry.recordAttention(waits('CL-1'));
  await registry.recordAttention(waits('CL-2'));
  await registry.endOpenUnits('B-1', 'HOLD', 'CLOSED_SHORT');
  await registry.closeBatch('B-1');
  await registry.closeBatch('B-1');
  await until('all are delivered', async () => (await registry.notices.due(Date.now(), 9)).length === 0);
  await notifier.stop();
  await registry.close();
  expect(
    events.map(({ type, data }) => `${type} ${String(data['serial'] ?? data['batchId'])}`).toSorted(),
  ).toEqual(['batch.ended B-1', 'unit.waiting CL-1', 'unit.waiting CL-2']);
  expect(events.find(({ data }) => data['serial'] === 'CL-1')?.data).toEqual({
    batchId: 'B-1',
    serial: 'CL-1',
    attempt: 1,
    step: 'verifyReadback',
    code: 'READ_BACK_DIFFERS',
    says: 'The board does not hold what was written: replace the board.',
    stationId: 'st-1',
    socket: '2',
  });
  expect(events.find(({ type }) => type === 'batch.ended')?.data).toMatchObject({
    order: 'PO-1',
    quantity: 2,
    passed: 0,
    held: 2,
  });
});

it('what was noted is delivered after a crash, and while the receiver is down it is not lost', async () => {
  const { registry, path, secretFile } = await openLot();
  const first = await startReceiver();
  first.close();
  const gone = startNotifier(registry.notices, { url: first.url, secretFile }, log);
  await registry.recordAttention(waits('CL-1'));
  await until('it was tried in vain', async () => {
    const [notice] = await registry.notices.due(Date.now() + 3_600_000, 1);
    return notice !== undefined && notice.failures > 0;
  });
  await gone.stop();
  await registry.close();

  const again = openRegistryFile(path);
  const second = await startReceiver(undefined, first.port);
  const notifier = startNotifier(again.notices, { url: second.url, secretFile }, log);
  await until('it is delivered', () => second.events.length > 0);
  await notifier.stop();
  await again.close();
  expect(second.events).toMatchObject([{ type: 'unit.waiting', data: { serial: 'CL-1' } }]);
});

it('a notice that the receiver refuses does not keep the others, and comes again with its id', async () => {
  const { registry, secretFile } = await openLot();
  let refusals = 0;
  const { events, url } = await startReceiver(({ data }) => {
    if (data['serial'] !== 'CL-1' || refusals > 0) return 200;
    refusals += 1;
    return 500;
  });
  await registry.recordAttention(waits('CL-1'));
  await registry.recordAttention(waits('CL-2'));
  const notifier = startNotifier(registry.notices, { url, secretFile }, log);
  await until('both are taken', () => events.length === 3);
  await notifier.stop();
  await registry.close();
  const ofFirst = events.filter(({ data }) => data['serial'] === 'CL-1');
  expect(ofFirst).toHaveLength(2);
  expect(ofFirst[0]).toEqual(ofFirst[1]);
});

it('nothing is noted where nobody is to hear of it, nor of a unit that no longer waits', async () => {
  const { registry, path } = await openLot();
  await registry.recordOutcome({ ...waits('CL-1', 2), outcome: 'FAIL' });
  await registry.recordAttention(waits('CL-1', 1));
  expect(await registry.notices.due(Date.now(), 9)).toEqual([]);
  const other = openRegistryFile(path);
  await other.recordAttention(waits('CL-2'));
  expect(await other.notices.due(Date.now(), 9)).toEqual([]);
  await registry.close();
  await other.close();
});

it('a role is down once it has been for longer than a restart takes, and again after it was up', () => {
  const notices = new RoleNotices();
  const signer = (state: 'polling' | 'silent', lastSeenAt: string) => [
    { role: 'signer', state, lastSeenAt, silentSeconds: 30, host: 'h', pid: 7 },
  ];
  const seen = (state: 'polling' | 'silent', now: number, lastSeenAt = '2026-01-01T00:00:00.000Z') =>
    notices.see(signer(state, lastSeenAt), now).map(({ type, data }) => [type, data['role'], data['says']]);
  expect(seen('polling', 0)).toEqual([]);
  expect(seen('silent', 1_000)).toEqual([]);
  expect(seen('silent', 22_000)).toEqual([
    [
      'role.down',
      'signer',
      expect.stringContaining('signer has been silent for 30 s (last on host h, pid 7)'),
    ],
  ]);
  expect(seen('silent', 60_000)).toEqual([]);
  expect(seen('polling', 61_000)).toEqual([]);
  expect(seen('silent', 62_000)).toEqual([]);
  expect(seen('silent', 90_000, '2026-01-02T00:00:00.000Z')).toHaveLength(1);
});
