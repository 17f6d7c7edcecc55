import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Decision } from '../../provisioning/decision.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { batchWorkflowId, runIdOf, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { startSupplementWorkflow } from '../../workers/batch-start.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf, readEvidence } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 12;
const decision = (): Decision => ({
  verdict: 'rerun',
  reason: 'why',
  by: 'who',
  decidedAt: new Date().toISOString(),
});

const bad = (nth: number) => ({
  nth,
  fault: { kind: 'forget-writes' as const, path: '/lfs1/credentials/crt.der' },
});

let rig: LineRig;
let batch: BatchRecord;
let scrapped = '';
let skipped = '';
beforeAll(async () => {
  rig = await startLineRig({ operator: { replaceFailed: true }, faults: [bad(2), bad(3)] });
});
afterAll(() => rig?.end());

const unitOf = (serial: string) => rig.line.client.workflow.getHandle(unitWorkflowId(serial));

it('a unit is scrapped, another is skipped, and the batch is closed', async () => {
  rig.drop('lot.csv', manifest(UNITS));
  batch = await rig.batchOf('lot.csv');
  await until('two wait', async () => (await rig.progress(batch)).attention.length === 2);
  [scrapped = '', skipped = ''] = (await rig.progress(batch)).attention.map(({ serial }) => serial);
  await unitOf(scrapped).executeUpdate('scrap', { args: [{ reason: 'cracked' }] });
  await unitOf(skipped).executeUpdate('skip', { args: [{ reason: 'at the lab' }] });
  await rig.closed('lot.csv');
});

it('a scrapped unit that somebody starts again by hand stays so', async () => {
  const before = await rig.line.registry.unit(scrapped);
  const { batchId, order } = batch;
  const unit = { serial: scrapped, product: 'golioth-node' };
  await rig.line.client.workflow.start('unit', {
    workflowId: unitWorkflowId(scrapped),
    taskQueue: WORKFLOW_QUEUE,
    args: [{ batchId, order, unit }],
  });
  await expect(unitOf(scrapped).result()).rejects.toThrow();
  expect(await rig.line.registry.unit(scrapped)).toMatchObject({
    outcome: 'FAIL',
    code: before!.code,
    attempts: before!.attempts,
    certificates: [],
  });
});

it('the skipped unit runs again, and passes with the next attempt', async () => {
  const supplement = { number: 1, choice: {}, decision: decision() };
  const { batchId, order, manifest: name, manifestSha256, quantity } = batch;
  const input = { batchId, order, manifest: name, manifestSha256, quantity, window: 8, supplement };
  expect(await startSupplementWorkflow(rig.line.client, input)).toBe(true);
  const handle = rig.line.client.workflow.getHandle(batchWorkflowId(runIdOf(batchId, 1)));
  expect(await handle.result()).toMatchObject({ quantity: 1, passed: 1 });
  expect(await rig.line.registry.batchSummary(batchId)).toMatchObject({
    batch: { state: 'closed' },
    passed: UNITS - 1,
    failed: 1,
  });
  expect(await startSupplementWorkflow(rig.line.client, input)).toBe(false);
});

it('registry, ledger, audit log, result file and boards agree', async () => {
  await rig.down();
  const places = placesOf(rig.folder, rig.inbox);
  expect(violations(places)).toEqual([]);
  const { issuances, manifests } = readEvidence(places);
  const ofSkipped = issuances.filter(({ serial }) => serial === skipped);
  expect(ofSkipped.map(({ attempt, state }) => [attempt, state])).toEqual([
    [1, 'revoked'],
    [2, 'active'],
  ]);
  const rows = manifests[0]!.result!;
  expect(rows.filter(({ outcome }) => outcome === 'PASS')).toHaveLength(UNITS - 1);
  expect(rows.find(({ serial }) => serial === skipped)).toMatchObject({
    outcome: 'PASS',
    decision: 'rerun',
    reason: 'why',
    decided_by: 'who',
  });
  expect(rows.find(({ serial }) => serial === scrapped)).toMatchObject({
    outcome: 'FAIL',
    decision: 'scrap',
  });
});
