import { afterEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../line/ledger.ts';
import { parseLineConfig } from '../../line/config.ts';
import { chunkWorkflowId } from '../../provisioning/workflow-ids.ts';
import { reconcile } from '../../reports/reconcile.ts';
import { restartBatchWorkflow } from '../../workers/batch-start.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 24;

let rig: LineRig;
afterEach(() => rig?.end());

/** The command does this; it is a test of its own. */
async function recover({
  batchId,
  order,
  manifest: name,
  manifestSha256,
  quantity,
}: BatchRecord): Promise<void> {
  const { client } = rig.line;
  const running = 'WorkflowType="unit" AND ExecutionStatus="Running"';
  await until('no unit runs', async () => (await client.workflow.count(running)).count === 0, 90_000);
  const recovery = { mode: 'close', reason: 'a test' } as const;
  const input = { batchId, order, manifest: name, manifestSha256, quantity, window: 16, recovery };
  expect(await restartBatchWorkflow(client, input)).toBe(true);
  await rig.closed('lot.csv');
}

/** What `audit reconcile` finds. */
async function differences(): Promise<readonly unknown[]> {
  const products = [{ name: 'golioth-node', organization: 'certline-test' }];
  const config = parseLineConfig({ inbox: rig.inbox, products }, 'the test', rig.folder);
  const ledger = await openLedger({ stateFolder: rig.folder, config }, 'read');
  try {
    return (await reconcile(ledger!, rig.line.registry)).differences;
  } finally {
    await ledger?.close();
  }
}

describe('somebody pressed Terminate', { timeout: 180_000 }, () => {
  it('on a chunk: certificates of units that passed are active, all others are withdrawn', async () => {
    rig = await startLineRig({ operator: { replaceFailed: true } });
    rig.drop('lot.csv', manifest(UNITS));
    const batch = await rig.batchOf('lot.csv');
    await until(
      'some passed',
      async () => (await rig.line.registry.batchSummary(batch.batchId)).passed >= 6,
      90_000,
    );
    await rig.line.client.workflow.getHandle(chunkWorkflowId(batch.batchId, 1)).terminate('by hand');
    await rig.closed('lot.csv');
    const summary = await rig.line.registry.batchSummary(batch.batchId);
    expect(summary.passed).toBeGreaterThanOrEqual(6);
    expect(summary.passed).toBeLessThan(UNITS);
    // Units were still being cancelled while their batch closed.
    await recover(batch);
    expect(await differences()).toEqual([]);
    const places = placesOf(rig.folder, rig.inbox);
    await rig.down();
    expect(violations(places)).toEqual([]);
  });
});
