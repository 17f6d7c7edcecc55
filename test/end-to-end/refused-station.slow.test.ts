import { afterEach, describe, expect, it } from 'vitest';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { newPlace } from '../support/certline.ts';
import { until } from '../support/until.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

let rig: LineRig | undefined;
afterEach(() => rig?.end());

const STATIONS = ['st-1', 'st-2'].map((id) => ({ id, sockets: ['1', '2'] }));

describe('a lot with a station that the signer does not accept', () => {
  it('is made whole by the other one, and the batch shows the station', async () => {
    rig = await startLineRig({ stations: STATIONS, operator: { replaceFailed: true } });
    const { line, folder } = rig;
    const place = newPlace({ CERTLINE_STATE: folder });
    const revoked = await place.certline('station', 'revoke', 'st-2', '--reason', 'left the factory');
    expect(revoked).toMatchObject({ status: 0 });
    rig.drop('lot.csv', manifest(16));
    const batch = await rig.closed('lot.csv');
    expect(await line.registry.batchSummary(batch.batchId)).toMatchObject({ passed: 16, failed: 0, held: 0 });
    const units = await Promise.all(
      Array.from({ length: 16 }, (_, at) => line.registry.unit(`CL-${String(at + 1).padStart(6, '0')}`)),
    );
    const evidence = units.flatMap((unit) => unit!.attempts);
    const failed = evidence.filter(({ code }) => code !== undefined);
    expect(new Set(failed.map(({ code, stationId }) => `${code} ${stationId}`))).toEqual(
      new Set(['STATION_REVOKED st-2']),
    );
    // It had two boards at once, and tried a few more.
    expect(failed.length).toBeLessThan(8);
    // Large enough to be under way when the station is looked at again.
    rig.drop('next.csv', manifest(500, 'PO-2', 'NX'));
    const next = await rig.batchOf('next.csv');
    await until('the batch shows the station', async () =>
      (await rig!.progress(next)).trouble?.some(
        ({ code, station }) => code === 'STATION_REVOKED' && station === 'st-2',
      ),
    );
    await line.client.workflow.getHandle(batchWorkflowId(next.batchId)).cancel();
    await expect(rig.closed('next.csv')).rejects.toThrow('Workflow execution cancelled');
    expect(await line.registry.batchSummary(next.batchId)).toMatchObject({ attention: 0, open: 0 });
  });
});
