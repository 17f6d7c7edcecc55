import { join } from 'node:path';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import { afterEach, expect, it } from 'vitest';
import { createClaimActivities } from '../../activities/claim-activities.ts';
import { createStationActivities } from '../../activities/station-activities.ts';
import type { GeneratedKeypair } from '../../provisioning/claim.ts';
import type { DeliveryInput } from '../../provisioning/delivery.ts';
import { startBench, unitOf } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import { makeCa } from '../pki/leaf.ts';
import { PERMIT_KEY } from '../pki/signing/desk.ts';
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

it('tells again what was proven, after a crash and with the board gone to its tray', async () => {
  const folder = temporaryFolder();
  const ca = await makeCa(folder);
  bench = await startBench({ issuers: ca.chain });
  const unit = unitOf('CL-1');
  bench.line.insertBoard('st', '1');
  await bench.ready('1');
  const stationKey = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
  const parts = { station: bench.station, key: stationKey, signers: [PERMIT_KEY.verifier] };
  const permit = signPermit(unit, PERMIT_KEY.privateKey);
  const claim = createClaimActivities(parts, 'boards/node');
  const key = await asActivity(() => claim.generateKeypair({ unit, permit }));
  const der = await certified(folder, ca, { serial: 'CL-1', key });
  const certificate = Buffer.from(der).toString('base64');
  const { stationId, socket, boardId, spkiSha256 } = key;
  const delivery: DeliveryInput = { unit, claim: { stationId, socket, boardId }, certificate, spkiSha256 };
  const steps = createStationActivities(bench.station, stationKey);
  await asActivity(() => steps.flashCredentials(delivery));
  const proven = await asActivity(() => steps.verifyReadback(delivery));

  // The answer is lost with the station, but not the word on the tile: the operator takes the board out.
  await bench.line.removeBoard('st', '1', 'done');
  await bench.restart();
  const again = createStationActivities(bench.station, stationKey);
  expect(await asActivity(() => again.verifyReadback(delivery))).toEqual(proven);
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
