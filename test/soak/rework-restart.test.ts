import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openIntakeKey } from '../../line/trusted-keys.ts';
import { signRework } from '../../pki/signing/intake-statements.ts';
import type { ReworkInput, ReworkState } from '../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { reworkWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { registryPath } from '../../line/state-folder.ts';
import { connectClient } from '../../temporal/connection.ts';
import { newPlace } from '../support/certline.ts';
import { until } from '../support/until.ts';
import { violations } from '../end-to-end/invariants.ts';
import { placesOf } from '../end-to-end/line-evidence.ts';
import { LineProcess } from '../end-to-end/line-process.ts';
import { manifest, startLineRig } from '../end-to-end/line-rig.ts';
import type { LineRig } from '../end-to-end/line-rig.ts';

/** Everything that a rework does for a unit, in order; the line is killed while each of them is due. */
const ACTIVITIES = [
  'generateKeypair',
  'recordWipe',
  'signCertificate',
  'flashCredentials',
  'verifyReadback',
  'registerDevice',
  'activateCertificates',
  'endRework',
] as const;

/** One unit for each of them, and two more that are renewed. */
const RENEWALS = ['requestRenewal', 'flashCredentials'] as const;
const CASES = [
  ...ACTIVITIES.map((activity) => ['rekey', activity] as const),
  ...RENEWALS.map((activity) => ['renew', activity] as const),
];
const SOCKETS = CASES.map((_, at) => String(at + 1));

let rig: LineRig;
let temporal: Awaited<ReturnType<typeof connectClient>>;
let line: LineProcess | undefined;
let config: string;

beforeAll(async () => {
  rig = await startLineRig({ stations: [{ id: 'st-1', sockets: SOCKETS }] });
  for (const socket of SOCKETS) rig.boards.insertBoard('st-1', socket);
  rig.drop('lot.csv', manifest(CASES.length));
  await rig.closed('lot.csv');
  await rig.stopLine();
  temporal = await connectClient(rig.server);
  config = join(rig.folder, 'line.json');
  const product = 'golioth-node';
  const sockets = SOCKETS.map((id) => ({ id, port: rig.boards.portPath('st-1', id), product }));
  const stations = [{ id: 'st-1', signaturesPerMinute: 100_000, sockets }];
  const products = [{ name: product, organization: 'certline-test' }];
  writeFileSync(config, JSON.stringify({ inbox: rig.inbox, products, stations }));
  await startLine();
}, 180_000);

afterAll(async () => {
  await line?.kill();
  await temporal?.connection.close();
  await rig?.end();
});

async function startLine(): Promise<void> {
  const { address, namespace } = rig.server;
  const started = new LineProcess(['up', '--config', config], {
    CERTLINE_STATE: rig.folder,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
  });
  line = started;
  await until(
    'the line is up',
    () => {
      if (!started.isRunning) throw new Error(`the line ended: ${started.output}`);
      return started.output.includes('Line up:');
    },
    90_000,
  );
}

/** Waits until an activity of the unit's present run was scheduled. */
async function due(serial: string, activity: string): Promise<void> {
  const handle = temporal.client.workflow.getHandle(unitWorkflowId(serial));
  await until(
    `${activity} is due`,
    async () => {
      const { events } = await handle.fetchHistory();
      const names = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      const isRework =
        events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name === 'reworkUnit';
      return isRework && names?.includes(activity) === true;
    },
    90_000,
  );
}

describe('a line that is killed in the middle of a rework', { timeout: 240_000 }, () => {
  it.each(CASES.map(([kind, activity], at) => [kind, activity, at + 1] as const))(
    '%s, while %s is due, ends as if nothing had happened',
    async (kind, activity, number) => {
      const serial = `CL-${String(number).padStart(6, '0')}`;
      const reworkId = `RW-20260101-${String(number).padStart(6, '0')}`;
      const said = { reason: 'a test', by: 'A. Tester', askedAt: new Date().toISOString() };
      const asked = { reworkId, kind, ...said, serials: [serial] };
      const input: ReworkInput = {
        ...asked,
        signed: signRework(asked, openIntakeKey(rig.folder).privateKey),
      };
      const handle = await temporal.client.workflow.start('rework', {
        workflowId: reworkWorkflowId(reworkId),
        taskQueue: WORKFLOW_QUEUE,
        args: [input],
      });
      await due(serial, activity);
      await line!.kill();
      await startLine();
      expect((await handle.result()) as ReworkState).toMatchObject({ phase: 'closed', done: 1 });
      const registry = openRegistryFile(registryPath(rig.folder), { readOnly: true });
      const unit = (await registry.unit(serial))!;
      await registry.close();
      expect(unit.certificates.map(({ state }) => state)).toEqual(['superseded', 'active']);
      expect([unit.outcome, unit.attempts.map(({ attempt }) => attempt)]).toEqual(['PASS', [1, 2]]);
      const { stdout } = await newPlace({ CERTLINE_STATE: rig.folder }).certline('audit', 'reconcile');
      expect(stdout).toContain('No difference.');
    },
  );

  it('leaves records and boards in agreement', async () => {
    line!.signal('SIGTERM');
    await line!.ended();
    const places = placesOf(rig.folder, rig.inbox);
    expect(violations(places)).toEqual([]);
  });
});
