import { afterEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../line/ledger.ts';
import { parseLineConfig } from '../../line/config.ts';
import type { UnitState } from '../../provisioning/unit.ts';
import { chunkWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { reconcile } from '../../reports/reconcile.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf, rowsOf } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 24;

let rig: LineRig;
afterEach(() => rig?.end());

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
    expect(await differences()).toEqual([]);
    const places = placesOf(rig.folder, rig.inbox);
    await rig.down();
    expect(violations(places)).toEqual([]);
  });

  it('on a unit with a certificate: it ends as an error, and its certificate is revoked', async () => {
    rig = await startLineRig({ operator: { replaceFailed: true } });
    rig.drop('lot.csv', manifest(UNITS));
    const batch = await rig.batchOf('lot.csv');
    const { client, registry } = rig.line;
    const serial = 'CL-000003';
    const stepOf = async () =>
      (await client.workflow.getHandle(unitWorkflowId(serial)).query<UnitState>('state')).step;
    await until(
      'it has a certificate',
      async () => ['flashCredentials', 'verifyReadback'].includes(await stepOf().catch(() => '')),
      90_000,
    );
    await client.workflow.getHandle(unitWorkflowId(serial)).terminate('by hand');
    await rig.closed('lot.csv');
    const { outcome, code } = (await registry.unit(serial))!;
    // Between the look and the press it may have passed.
    if (outcome !== 'PASS') expect([outcome, code]).toEqual(['ERROR', 'UNIT_TERMINATED']);
    expect((await registry.batchSummary(batch.batchId)).open).toBe(0);
    expect(await differences()).toEqual([]);
    const places = placesOf(rig.folder, rig.inbox);
    const held = () =>
      places.books.flatMap((path) => rowsOf(path, `SELECT 1 FROM board WHERE phase = 'keyed'`));
    await until('no unit holds a socket', () => held().length === 0, 60_000);
    await rig.down();
    expect(violations(places)).toEqual([]);
  });
});
