import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { certlineProgram } from '../../../cli/program.ts';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { newBatch, rowsOf } from '../../registry/record/opened.ts';
import { newPlace } from '../../support/certline.ts';

/** What these do can be undone, or changes no batch. Any other command about a batch must take a whole id or ask. */
const HARMLESS = new Set([
  'show',
  'result',
  'report',
  'export',
  'watch',
  'rerun',
  'pause',
  'resume',
  'window',
  'priority',
]);

const BATCH_ID = 'PO-1001-a3eb0579';

const group = (name: string): Command => certlineProgram().commands.find((each) => each.name() === name)!;

const ofOneBatch = group('batch').commands.filter(
  ({ registeredArguments: [first] }) => first?.name() === 'id',
);

const others = ofOneBatch.filter((each) => !HARMLESS.has(each.name()));

it('knows commands of both kinds', () => {
  expect(others.map((each) => each.name())).toEqual(
    expect.arrayContaining(['cancel', 'close', 'withdraw', 'recover']),
  );
  expect(ofOneBatch.length - others.length).toBe(HARMLESS.size);
});

it.each(others.map((each) => [each.name(), each] as const))(
  'batch %s takes the beginning of an id for no batch without a question',
  async (name, found) => {
    const place = newPlace();
    const registry = openRegistryFile(registryPath(place.state));
    await registry.importBatch({ ...newBatch('1001', 1), batchId: BATCH_ID }, rowsOf(['CL-000001']));
    await registry.recordStart(BATCH_ID);
    await registry.endOpenUnits(BATCH_ID, 'HOLD', 'BATCH_CLOSED');
    const decision = {
      verdict: 'rerun',
      reason: 'a test',
      by: 'A. Berg',
      decidedAt: '2026-01-02T02:00:00.000Z',
    } as const;
    await registry.openSupplement({ batchId: BATCH_ID, number: 1, choice: {}, decision });
    await registry.close();
    const words = found.options.flatMap(({ long, mandatory }) => (mandatory ? [long!, 'somebody'] : []));
    const how = name === 'close' ? ['--short'] : [];
    const run = async (id: string) => await place.certline('batch', name, id, ...words, ...how, '--yes');
    for (const given of ['PO-1', 'po-1001', 'PO-1001-a3eb057'])
      expect(await run(given)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining(`${given} is only the beginning of ${BATCH_ID}`),
      });
    // The whole id is taken: what is missing then is the line.
    expect(await run(BATCH_ID.toLowerCase())).toMatchObject({ status: 8 });
    // So is that of one of its runs, as the other commands print it.
    expect(await run(`${BATCH_ID}/supplement-1`)).toMatchObject({ status: 8 });
    expect(await run('PO-1001/supplement-1')).toMatchObject({ status: 2 });
    // Without --yes and without a terminal nothing happens either.
    expect(await place.certline('batch', name, 'PO-1', ...words, ...how)).toMatchObject({ status: 2 });
  },
);
