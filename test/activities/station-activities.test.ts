import { join } from 'node:path';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import { afterEach, describe, expect, it } from 'vitest';
import { createClaimActivities } from '../../activities/claim-activities.ts';
import { createStationActivities } from '../../activities/station-activities.ts';
import type { GeneratedKeypair } from '../../provisioning/claim.ts';
import type { DeliveryInput } from '../../provisioning/delivery.ts';
import type { Product } from '../../provisioning/product.ts';
import { PRODUCT, startBench, unitOf } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import { certifyKey, keyBoard } from '../fixtures/station/pass-board.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import type { BoardFault } from '../../simulator/faults.ts';
import { FIRMWARE_PROFILES } from '../../simulator/firmware-profile.ts';
import { makeCa } from '../pki/leaf.ts';
import { PERMIT_KEY } from '../pki/signing/desk.ts';
import { evidenceSha256 } from '../../pki/signing/pass-statement.ts';
import { signPermit } from '../../pki/signing/permits.ts';
import { makeLine, release } from '../pki/signing/signing-line.ts';
import { until } from '../support/until.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.end();
  bench = undefined;
});

/** Runs one step as a worker does; what a step asks of its worker is only this. */
async function asActivity<T>(step: () => Promise<T>): Promise<T> {
  const context = {
    info: { attempt: 1 },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return await asyncLocalStorage.run(context as unknown as Context, step);
}

async function certified(
  folder: string,
  ca: IssuingCa,
  { serial, key }: { serial: string; key: GeneratedKeypair },
): Promise<Uint8Array> {
  const line = makeLine(folder, ca);
  await release(line, [serial]);
  const { boardId, csr } = key;
  const { certificate } = await line.issuer.issue({
    requestId: 'r1',
    batchId: 'b1',
    serial,
    product: 'sensor',
    attempt: 1,
    boardId,
    csr: Buffer.from(csr, 'base64'),
  });
  return certificate;
}

/** CL-1 has its board in socket 1, and its certificate is made; nothing of that is on the board yet. */
async function claimed() {
  const folder = temporaryFolder();
  const ca = await makeCa(folder);
  const started = await startBench({ issuers: ca.chain });
  bench = started;
  const unit = unitOf('CL-1');
  started.line.insertBoard('st', '1');
  await started.ready('1');
  const stationKey = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
  const parts = { station: started.station, key: stationKey, signers: [PERMIT_KEY.verifier] };
  const permit = signPermit(unit, PERMIT_KEY.privateKey);
  const claim = createClaimActivities(parts, 'boards/node');
  const key = await asActivity(() => claim.generateKeypair({ unit, permit }));
  const der = await certified(folder, ca, { serial: 'CL-1', key });
  const certificate = Buffer.from(der).toString('base64');
  const { stationId, socket, boardId, spkiSha256 } = key;
  const delivery: DeliveryInput = { unit, claim: { stationId, socket, boardId }, certificate, spkiSha256 };
  return { at: started, stationKey, delivery, steps: createStationActivities(started.station, stationKey) };
}

it('tells again what was proven, after a crash and with the board gone to its tray', async () => {
  const { at, stationKey, delivery, steps } = await claimed();
  await asActivity(() => steps.flashCredentials(delivery));
  const proven = await asActivity(() => steps.verifyReadback(delivery));

  // The answer is lost with the station, but not the word on the tile: the operator takes the board out.
  await at.line.removeBoard('st', '1', 'done');
  await at.restart();
  const again = createStationActivities(at.station, stationKey);
  expect(await asActivity(() => again.verifyReadback(delivery))).toEqual(proven);
});

it('works on a board for no other batch than that of its permit, also after a restart', async () => {
  const { at, stationKey, delivery } = await claimed();
  const foreign = { ...delivery, unit: { ...delivery.unit, batchId: 'b2' } };
  const taken = expect.objectContaining({ type: 'BOARD_TAKEN' }) as Error;
  await at.restart();
  const steps = createStationActivities(at.station, stationKey);
  await expect(asActivity(() => steps.flashCredentials(foreign))).rejects.toThrow(taken);
  await asActivity(() => steps.flashCredentials(delivery));
  await expect(asActivity(() => steps.verifyReadback(foreign))).rejects.toThrow(taken);
  const { unit, claim } = foreign;
  await asActivity(() => steps.releaseSocket({ unit, claim, code: 'BOARD_GONE' }));
  await asActivity(() => steps.recallProof({ unit, boardId: claim.boardId }));
  expect((await asActivity(() => steps.verifyReadback(delivery))).pass).toBeDefined();
});

it('does not take one proof for another', async () => {
  bench = await startBench();
  const board = bench.line.insertBoard('st', '1');
  await bench.ready('1');
  const socket = bench.station.sockets[0]!;
  const proof = { verifiedAt: '2026-01-01T00:00:00.000Z', evidence: { spkiSha256: 'aa' } };
  bench.station.holds.pass(socket.config.id, board.hardwareId, unitOf('CL-1'), proof);
  await until('the tile says so', () => bench!.state('1') === 'pass');
  expect(bench.station.holds.provenBefore(board.hardwareId, unitOf('CL-1'))).toEqual(proof);
  expect(bench.station.holds.provenBefore(board.hardwareId, unitOf('CL-1', 2))).toBeUndefined();
  expect(bench.station.holds.provenBefore(board.hardwareId, unitOf('CL-2'))).toBeUndefined();
  expect(bench.station.holds.provenBefore('another', unitOf('CL-1'))).toBeUndefined();
});

describe('a board of a product that restarts its boards', () => {
  /** Its certificate is on the board of CL-1, which has this fault. `onStart` is called when firmware starts. */
  async function flashed({
    fault,
    product = { ...PRODUCT, restart: { seconds: 1 } },
    ...firmware
  }: {
    readonly fault?: BoardFault;
    readonly product?: Product;
  } & Pick<Parameters<typeof startBench>[0] & object, 'profile' | 'application'> = {}) {
    const ca = await makeCa(temporaryFolder());
    const at = await startBench({ sockets: ['1'], issuers: ca.chain, product, ...firmware });
    bench = at;
    const board = at.line.insertBoard('st', '1');
    await at.ready('1');
    const key = await keyBoard(at, 'CL-1');
    const { boardId, spkiSha256 } = key;
    const delivery: DeliveryInput = {
      unit: unitOf('CL-1'),
      claim: { stationId: 'st', socket: '1', boardId },
      certificate: Buffer.from(await certifyKey(ca, 'CL-1', key)).toString('base64'),
      spkiSha256,
    };
    const stationKey = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
    const steps = createStationActivities(at.station, stationKey);
    await asActivity(() => steps.flashCredentials(delivery));
    if (fault) board.setFault(fault);
    const states: (string | undefined)[] = [];
    at.station.changes.on('change', () => void states.push(at.state('1')));
    return {
      at,
      board,
      states,
      verify: () => asActivity(() => steps.verifyReadback(delivery)),
      recall: () => asActivity(() => steps.recallProof({ unit: delivery.unit, boardId })),
    };
  }

  it('is proven as it is after the restart, which the evidence names', async () => {
    const { at, verify } = await flashed();
    const { evidence, pass } = await verify();
    // How it shows is told apart by time; a virtual board boots in none.
    expect(evidence).toMatchObject({ keyBytes: 121, restarted: expect.any(String) });
    expect(pass?.evidenceSha256).toBe(evidenceSha256(evidence));
    expect(at.state('1')).toBe('pass');
  });

  it('does not pass where it loses its files at the restart', async () => {
    const { at, states, verify } = await flashed({ fault: { kind: 'forget-at-restart' } });
    const { hardwareId: boardId } = at.line.board('st', '1')!;
    await expect(verify()).rejects.toMatchObject({ type: 'READ_BACK_DIFFERS' });
    expect(states).not.toContain('pass');
    expect(at.station.holds.provenBefore(boardId, unitOf('CL-1'))).toBeUndefined();
    const claim = { stationId: 'st', socket: '1', boardId };
    await at.station.holds.release(unitOf('CL-1'), claim, 'READ_BACK_DIFFERS');
    expect(at.station.tiles[0]).toMatchObject({ state: 'fail', code: 'READ_BACK_DIFFERS' });
  });

  it.each([
    ['while it has yet to print its line', false],
    ['while its port is away', true],
  ])('does not pass once its unit was told that nothing is proven, %s', async (_when, isAway) => {
    let starts = 0;
    const { at, board, states, verify, recall } = await flashed({
      // Firmware that prints text beside its answers, and names no hardware id.
      profile: FIRMWARE_PROFILES.golioth,
      product: {
        ...PRODUCT,
        identity: { file: '/lfs1/board-id' },
        restart: { untilLine: 'online', seconds: 60 },
      },
      application: () => (starts += 1),
    });
    const fixture = at.line.fixture('st', '1');
    const { onReset } = board.events;
    board.events = {
      ...board.events,
      onReset: () => {
        onReset?.();
        if (isAway) fixture.disconnect();
      },
    };
    const verified = verify().then(
      () => 'passed',
      (error: unknown) => (error as { type?: unknown }).type,
    );
    await until('it has restarted', () => starts === 2);
    if (isAway) await until('no socket holds it', () => at.station.sockets[0]!.seated === undefined);
    // Somebody has reset the unit: its new run begins another attempt with this answer.
    expect(await recall()).toEqual({});
    if (isAway) fixture.connect();
    const talking = setInterval(() => board.log('online'), 20);
    try {
      expect(await verified).toBe('BOARD_TAKEN');
    } finally {
      clearInterval(talking);
    }
    expect(states).not.toContain('pass');
    expect(await recall()).toEqual({});
  });

  it('passes, and its unit is told so, where that is asked after the proof', async () => {
    const { verify, recall } = await flashed();
    const verified = await verify();
    expect(await recall()).toEqual({ socket: '1', verified });
  });
});
