import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tile } from '../../fixtures/station/tile.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf, readEvidence, sha256 } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 12;

let rig: LineRig;
let batch: BatchRecord;
beforeAll(async () => {
  rig = await startLineRig({
    operator: { replaceFailed: false },
    faults: [
      { nth: 2, fault: { kind: 'forget-writes', path: '/lfs1/credentials/crt.der' } },
      { nth: 5, fault: { kind: 'not-writable', path: '/lfs1/credentials/key.der' } },
    ],
  });
});
afterAll(() => rig?.end());

const failed = (): { station: string; tile: Tile }[] =>
  rig.line.stations.flatMap(({ id, tiles }) =>
    tiles.filter(({ state }) => state === 'fail').map((tile) => ({ station: id, tile })),
  );

describe('two bad boards among good ones', () => {
  it('make one unit wait for a person, and no other', async () => {
    rig.drop('lot.csv', manifest(UNITS));
    batch = await rig.batchOf('lot.csv');
    await until('one waits and all others passed', async () => {
      const { attention, passed } = await rig.progress(batch);
      return attention.length > 0 && passed === UNITS - attention.length;
    });
    const { attention } = await rig.progress(batch);
    expect(attention).toMatchObject([{ code: 'READ_BACK_DIFFERS', step: 'verifyReadback', attempt: 1 }]);
    await until(
      'it is on record',
      async () => (await rig.line.registry.batchSummary(batch.batchId)).attention === 1,
    );
    expect(await rig.line.registry.batchSummary(batch.batchId)).toMatchObject({ passed: 11, attention: 1 });
  });

  it('are shown on their tiles, each with what to do', async () => {
    await until('both are seen', () => failed().length === 2);
    const tiles = failed().map(({ tile }) => tile);
    expect(new Set(tiles.map(({ code }) => code))).toEqual(
      new Set(['SMP_DEVICE_ERROR', 'READ_BACK_DIFFERS']),
    );
    for (const { instruction } of tiles)
      expect(instruction).toMatch(/^FAIL: take the board out.*replace the board/);
  });

  it('are on record both: the one that took no key is in no attempt, and is recorded by itself', async () => {
    const rejected = () => rig.line.registry.rejectedBoards(10);
    await until('it is recorded', async () => (await rejected()).length > 0);
    const { station, tile } = failed().find((each) => each.tile.code === 'SMP_DEVICE_ERROR')!;
    expect(await rejected()).toMatchObject([
      {
        stationId: station,
        socket: tile.socket,
        boardId: tile.boardId,
        code: 'SMP_DEVICE_ERROR',
        serial: expect.stringMatching(/^CL-/) as string,
      },
    ]);
    const yields = await rig.line.registry.socketYields();
    const sum = (of: 'passed' | 'failed' | 'rejected') => yields.reduce((total, each) => total + each[of], 0);
    expect([sum('passed'), sum('failed'), sum('rejected')]).toEqual([11, 1, 1]);
  });

  it('are found in Temporal by the state of their unit', async () => {
    const waiting = async (): Promise<string[]> => {
      const ids = [];
      const query = `ProvStatus="ATTENTION" AND ProvBatch="${batch.batchId}" AND ProvError="READ_BACK_DIFFERS"`;
      for await (const { workflowId } of rig.line.client.workflow.list({ query })) ids.push(workflowId);
      return ids;
    };
    await until('one is listed', async () => (await waiting()).length > 0);
    const { attention } = await rig.progress(batch);
    expect(await waiting()).toEqual([`unit/${attention[0]!.serial}`]);
  });

  it('do no harm once they are changed: one update finishes the lot', async () => {
    for (const { station, tile } of failed()) await rig.boards.removeBoard(station, tile.socket, 'reject');
    const handle = rig.line.client.workflow.getHandle(batchWorkflowId(batch.batchId));
    await expect(handle.executeUpdate('rerunFailed')).resolves.toEqual({ units: 1 });
    await rig.closed('lot.csv');
    expect(await rig.line.registry.batchSummary(batch.batchId)).toMatchObject({ passed: 12, attention: 0 });
  });

  it('leave a certificate that is superseded, on no board in use', async () => {
    await rig.down();
    const places = placesOf(rig.folder, rig.inbox);
    expect(violations(places)).toEqual([]);
    const { issuances, boards } = readEvidence(places);
    const superseded = issuances.filter(({ state }) => state === 'superseded');
    expect(superseded).toMatchObject([{ attempt: 1 }]);
    expect(issuances.filter(({ serial }) => serial === superseded[0]!.serial)).toHaveLength(2);
    const fingerprint = sha256(superseded[0]!.certificate!);
    const carriers = boards.filter(({ certificate }) => certificate && sha256(certificate) === fingerprint);
    expect(carriers.filter(({ place }) => place !== 'reject')).toEqual([]);
    expect(boards.filter(({ place }) => place === 'reject')).toHaveLength(2);
  });
});
