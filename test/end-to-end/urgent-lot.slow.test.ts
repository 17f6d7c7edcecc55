import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { until } from '../support/until.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 60;
const URGENT = 6;
/** Units of each lot that wait for one of two sockets at once. */
const IN_FLIGHT = 30;

let rig: LineRig;
beforeAll(async () => {
  rig = await startLineRig({
    operator: { replaceFailed: true },
    stations: [{ id: 'st-1', sockets: ['1', '2'] }],
    unitsInFlight: IN_FLIGHT,
  });
});
afterAll(() => rig?.end());

/** When each unit of a lot got its board, milliseconds. */
async function claimsOf(prefix: string, count: number): Promise<number[]> {
  const serials = manifest(count, 'PO-1', prefix).match(new RegExp(`${prefix}-\\d+`, 'g'))!;
  const units = await Promise.all(serials.map((serial) => rig.line.registry.unit(serial)));
  return units.flatMap((unit) => unit?.attempts.map(({ startedAt }) => Date.parse(startedAt ?? '')) ?? []);
}

/** When a unit began to wait for a board, milliseconds. */
async function waitsSince(serial: string): Promise<number> {
  const { events } = await rig.line.client.workflow.getHandle(unitWorkflowId(serial)).fetchHistory();
  const { seconds, nanos } = events!.find((event) => event.activityTaskScheduledEventAttributes)!.eventTime!;
  return Number(seconds) * 1_000 + Number(nanos) / 1_000_000;
}

it('an urgent lot that is dropped beside a long one overtakes it at the sockets, and ends well before it', async () => {
  rig.drop('long.csv', manifest(UNITS, 'PO-1', 'LONG'));
  const long = await rig.batchOf('long.csv');
  await until('it is under way', async () => (await rig.progress(long)).passed >= 4);
  // Long before its last unit starts.
  const handle = rig.line.client.workflow.getHandle(batchWorkflowId(long.batchId));
  await handle.executeUpdate(MESSAGES.setPriority, { args: [{ priority: 5, by: 'A. Berg' }] });
  rig.drop('fast.priority-1.csv', manifest(URGENT, 'PO-2', 'FAST'));
  await rig.closed('fast.priority-1.csv');
  const progress = await rig.progress(long);
  expect(progress.passed).toBeLessThan(UNITS - 10);

  await rig.closed('long.csv');
  const last = rig.line.client.workflow.getHandle(unitWorkflowId(`LONG-${String(UNITS).padStart(6, '0')}`));
  expect((await last.describe()).priority).toMatchObject({ priorityKey: 5 });

  const urgent = await claimsOf('FAST', URGENT);
  const serials = urgent.map((_, at) => `FAST-${String(at + 1).padStart(6, '0')}`);
  const from = Math.max(...(await Promise.all(serials.map(waitsSince))));
  const between = (await claimsOf('LONG', UNITS)).filter((at) => at > from && at < Math.max(...urgent));
  expect(urgent).toHaveLength(URGENT);
  // Temporal deviates a little from the priorities. In the order of the queue, nearly all that waited would have been first.
  expect(between.length).toBeLessThan((2 / 3) * IN_FLIGHT);
});

it('says the priority in the answer, in the status, and in the record', async () => {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(rig.inbox, name), 'utf8'));
  expect(read('fast.priority-1.accepted.json')).toMatchObject({
    understood: ['Its priority is 1: its units get boards before those of other batches.'],
  });
  const statuses = ['fast.priority-1.status.json', 'long.status.json'];
  await until('both are closed in their status', () =>
    statuses.every(
      (name) => existsSync(join(rig.inbox, name)) && (read(name) as { state: string }).state === 'closed',
    ),
  );
  expect(statuses.map(read)).toMatchObject([
    { priority: 1 },
    { priority: 5, decisions: [{ verdict: 'priority', detail: '5', by: 'A. Berg' }] },
  ]);
  expect(await rig.batchOf('fast.priority-1.csv')).toMatchObject({ priority: 1 });
  expect(await rig.batchOf('long.csv')).not.toHaveProperty('priority');
});
