import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorkflowFailedError } from '@temporalio/client';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf, readEvidence, rowsOf } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 48;

let rig: LineRig;
beforeAll(async () => {
  rig = await startLineRig({ operator: { replaceFailed: true } });
});
afterAll(() => rig?.end());

describe('a batch that is cancelled in the middle', () => {
  it('ends, with some units passed, some stopped, some never begun', async () => {
    rig.drop('lot.csv', manifest(UNITS));
    const batch = await rig.batchOf('lot.csv');
    const handle = rig.line.client.workflow.getHandle(batchWorkflowId(batch.batchId));
    await until('some passed', async () => (await rig.progress(batch)).passed >= 8);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const summary = await rig.line.registry.batchSummary(batch.batchId);
    expect(summary).toMatchObject({ batch: { state: 'closed' }, open: 0, attention: 0 });
    expect(summary.passed).toBeGreaterThanOrEqual(8);
    expect(summary.held).toBe(UNITS - summary.passed);
  });

  it('leaves nothing live of the units that did not pass, and every socket free', async () => {
    const places = placesOf(rig.folder, rig.inbox);
    const held = () =>
      places.books.flatMap((path) => rowsOf(path, `SELECT 1 FROM board WHERE phase = 'keyed'`));
    await until('no unit holds a socket', () => held().length === 0);
    await rig.down();
    expect(violations(places)).toEqual([]);
    const { units, manifests } = readEvidence(places);
    expect(new Set(units.map(({ outcome }) => outcome))).toEqual(new Set(['PASS', 'HOLD']));
    expect(manifests[0]!.result).toHaveLength(UNITS);
  });
});
