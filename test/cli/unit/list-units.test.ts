import type { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import { registryPath } from '../../../line/state-folder.ts';
import { failure, STATION } from '../../workflows/rig.ts';
import { json, newPlace } from '../../support/certline.ts';
import type { Ended, Place } from '../../support/certline.ts';
import { until } from '../../support/until.ts';
import { startBench } from '../batch/bench.ts';
import type { Bench } from '../batch/bench.ts';

interface Listed {
  readonly from: string;
  readonly waitingBy: string;
  readonly units: readonly { readonly serial: string; readonly since?: string; readonly command: string }[];
}

async function untilWaiting({ rig }: Bench, count: number): Promise<void> {
  const handle = rig.client.workflow.getHandle('batch/PO-1');
  await until(`${count} units wait`, async () => {
    const { attention } = await handle.query<BatchProgress>('progress');
    return attention.length === count;
  });
}

/** Another host: it has the server of the line, and no registry. */
function deskOf({ rig }: Bench): Place {
  const { address } = (rig.client.connection as Connection).options;
  return newPlace({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: rig.namespace });
}

function listed(ended: Ended): Listed {
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return json(ended) as Listed;
}

/** What a shell would run. */
async function type(place: Place, command: string): Promise<Ended> {
  const [program, ...args] = command.split(' ');
  expect(program).toBe('certline');
  return await place.certline(...args);
}

describe('certline unit list --waiting', () => {
  it('names no unit that a stranger made up in Temporal, whose name a shell would run', async () => {
    const bench = await startBench(['CL-1'], ['CL-1']);
    await untilWaiting(bench, 1);
    const evil = 'x; touch evil \u001b]0;evil\u0007';
    const forged = [
      { ProvStatus: ['ATTENTION'], ProvBatch: ['PO-1'], ProvSerial: [evil], ProvError: ['BOARD_GONE'] },
      { ProvStatus: ['ATTENTION'], ProvBatch: [evil], ProvSerial: ['CL-9'], ProvError: ['BOARD_GONE'] },
      { ProvStatus: ['ATTENTION'], ProvBatch: ['PO-1'], ProvSerial: ['CL-8'], ProvError: ['\u001b[2Jevil'] },
    ];
    for (const [at, searchAttributes] of forged.entries())
      await bench.rig.client.workflow.start('unit', {
        workflowId: `unit/forged-${at}`,
        taskQueue: 'evil',
        searchAttributes,
      });
    await bench.rig.client.workflow.start('batch', { workflowId: `batch/$(touch evil)`, taskQueue: 'evil' });
    const desk = deskOf(bench);
    const text = await until('Temporal lists what may be one', async () => {
      const { stdout } = await desk.certline('unit', 'list', '--waiting');
      return stdout.includes('CL-8') && stdout.includes('CL-1') && stdout;
    });
    const line = await desk.certline('line', 'status');
    for (const said of [text, line.stdout]) {
      expect(said).not.toContain('touch evil');
      expect(said).not.toContain('\u001b');
    }
    expect(text).not.toContain('CL-9');
  });

  it('lists them with what to type, from the registry and from Temporal alike', async () => {
    const bench = await startBench(['CL-1', 'CL-2', 'CL-3'], ['CL-2', 'CL-3']);
    await untilWaiting(bench, 2);
    const desk = deskOf(bench);
    const here = listed(await bench.place.certline('unit', 'list', '--waiting', '--json'));
    const there = await until('Temporal lists both', async () => {
      const found = listed(await desk.certline('unit', 'list', '--waiting', '--json'));
      return found.units.length === 2 && found;
    });
    expect(here).toMatchObject({ from: 'registry', waitingBy: 'temporal' });
    expect(there).toMatchObject({ from: 'temporal', waitingBy: 'temporal' });
    const unit = {
      serial: 'CL-2',
      batchId: 'PO-1',
      code: 'BOARD_GONE',
      step: 'flashCredentials',
      stationId: STATION,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      command: 'certline unit retry CL-2',
      hint: expect.stringContaining('no longer in its socket') as string,
    };
    const bySerial = (units: Listed['units']): Listed['units'] =>
      units.toSorted((a, b) => a.serial.localeCompare(b.serial));
    for (const { units } of [here, there]) {
      expect(bySerial(units)).toEqual([
        unit,
        { ...unit, serial: 'CL-3', command: 'certline unit retry CL-3' },
      ]);
    }
    const text = await bench.place.certline('unit', 'list', '--waiting', '--batch', 'po-1');
    expect(text.stdout).toMatch(/^CL-2 +PO-1 +BOARD_GONE +.* UTC +certline unit retry CL-2$/m);
    expect(text.stdout).toContain(`From the registry ${registryPath(bench.place.state)}.`);
    const none = await desk.certline('unit', 'list', '--waiting', '--code', 'SMP_TIMEOUT');
    expect(none.stdout).toMatch(/^No unit waits .*\n\nFrom Temporal, by search attribute/);
    const station = ['--station', 'another'];
    expect(
      listed(await bench.place.certline('unit', 'list', '--waiting', '--json', ...station)).units,
    ).toEqual([]);
    expect((await type(bench.place, here.units[0]!.command)).status).toBe(0);
  });

  it('has units of a chunk that was refused, with the command that works', async () => {
    let isReleasing = false;
    const bench = await startBench(['CL-1', 'CL-2'], [], {
      releaseUnits: async () => {
        if (!isReleasing) throw failure('ORDER_EXPIRED');
      },
    });
    await untilWaiting(bench, 2);
    const desk = deskOf(bench);
    const there = await until('Temporal lists both', async () => {
      const found = listed(await desk.certline('unit', 'list', '--waiting', '--json', '--batch', 'PO-1'));
      return found.units.length === 2 && found;
    });
    const here = listed(await bench.place.certline('unit', 'list', '--waiting', '--json'));
    const commands = [...here.units, ...there.units].map(({ command }) => command);
    expect(new Set(commands)).toEqual(new Set(['certline batch rerun PO-1']));
    isReleasing = true;
    expect((await type(desk, commands[0]!)).status).toBe(0);
  });

  it('needs to know which units are meant', async () => {
    const { status, stderr } = await newPlace().certline('unit', 'list');
    expect(status).toBe(2);
    expect(stderr).toContain('--waiting');
  });
});
