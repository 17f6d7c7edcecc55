import type { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import type { LineTrouble } from '../../../provisioning/line-trouble.ts';
import { MESSAGES } from '../../../provisioning/messages.ts';
import { json, newPlace } from '../../support/certline.ts';
import { until } from '../../support/until.ts';
import { startBench } from '../batch/bench.ts';

describe('certline line status', () => {
  it('says that no line runs, with status 11', async () => {
    const place = newPlace();
    const { status, stdout, stderr } = await place.certline('line', 'status');
    expect({ status, stderr }).toEqual({ status: 11, stderr: '' });
    expect(stdout).toContain(`! Temporal: No factory line runs on ${place.state}`);
  });

  it('has the open batches with their counts, from the registry and from Temporal alike', async () => {
    const bench = await startBench(['CL-1', 'CL-2', 'CL-3'], ['CL-2']);
    const { place, rig } = bench;
    const handle = rig.client.workflow.getHandle('batch/PO-1');
    await until('one waits, two have passed', async () => {
      const { attention, passed } = await handle.query<BatchProgress>('progress');
      return attention.length === 1 && passed === 2;
    });
    const full = 'ledger on host sign-1: The ledger cannot be written (full)';
    const trouble: readonly LineTrouble[] = [
      { code: 'LEDGER_UNAVAILABLE', says: full },
      {
        code: 'STATION_DISK',
        station: 'st-9',
        says: 'record of station st-9 on host b: it cannot be written',
      },
      {
        code: 'LINK_BUSY',
        station: 'st-9',
        socket: '2',
        says: 'station st-9, socket 2: another program has it',
      },
      // Said of the roles already, or the normal course.
      { code: 'SIGNER_UNREACHABLE', says: 'signer is silent' },
      {
        code: 'SOCKET_SILENT',
        station: 'st-9',
        socket: '3',
        says: 'station st-9, socket 3: nothing answers',
      },
      { code: 'SOCKETS_BUSY', says: 'units of other batches have the boards' },
    ];
    for (const source of ['ledger on host sign-1', 'ledger on host sign-1, told again'])
      await handle.signal(MESSAGES.lineReport, { source, trouble });
    const { address } = (rig.client.connection as Connection).options;
    const desk = newPlace({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: rig.namespace });
    const here = await place.certline('line', 'status', '--json');
    // Its search attributes reach Temporal's lists a little later than its query.
    const there = await until('Temporal lists the batch with all three units', async () => {
      const ended = await desk.certline('line', 'status', '--json');
      const { batches } = json(ended) as {
        batches: { open: readonly { passed: number; attention: number }[] };
      };
      return batches.open.some(({ passed, attention }) => passed + attention === 3) && ended;
    });
    const open = [{ batchId: 'PO-1', order: 'PO-1', quantity: 3, passed: 2, attention: 1, open: 0 }];
    expect(json(here)).toMatchObject({ batches: { from: 'registry', open } });
    expect(json(there)).toMatchObject({ batches: { from: 'temporal', open } });
    for (const { status, stdout } of [here, there]) {
      expect(status).toBe(11);
      const { needs } = JSON.parse(stdout) as { needs: readonly string[] };
      expect(needs).toContain(
        'batch PO-1: 1 unit waits for a decision: certline unit list --waiting --batch PO-1',
      );
      // Each once, from whichever host it is seen.
      const told = trouble.map(({ says }) => says);
      expect(needs.filter((need) => told.includes(need))).toEqual(told.slice(0, 3));
    }
  });
});
