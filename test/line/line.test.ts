import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { until } from '../workflows/until.ts';
import { manifest, startLineRig, STATIONS } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

let rig: LineRig | undefined;
afterEach(async () => {
  await rig?.end();
  rig = undefined;
});

it('takes eight units on eight boards through', async () => {
  rig = await startLineRig();
  for (const { id, sockets } of STATIONS) for (const socket of sockets) rig.boards.insertBoard(id, socket);
  rig.drop('lot.csv', manifest(8));
  await until(
    'the batch is closed',
    async () => (await rig!.line.registry.listBatches())[0]?.state === 'closed',
  );
  console.log(readFileSync(join(rig.inbox, 'lot.result.csv'), 'utf8'));
  console.log(readFileSync(join(rig.folder, 'certline.log'), 'utf8').slice(-3000));
  expect(
    await rig.line.registry.batchSummary((await rig.line.registry.listBatches())[0]!.batchId),
  ).toMatchObject({ passed: 8 });
});
