import { join } from 'node:path';
import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { createClaimActivities } from '../../activities/claim-activities.ts';
import { createStationActivities } from '../../activities/station-activities.ts';
import { ensureRoleKey, ensureStationKey } from '../../pki/keys/station-key.ts';
import { signPermit } from '../../pki/signing/permits.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { GeneratedKeypair, GenerateKeypairInput } from '../../provisioning/claim.ts';
import { startBench, unitOf } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import { certifyKey } from '../fixtures/station/pass-board.ts';
import { makeCa } from '../pki/leaf.ts';
import { PERMIT_KEY } from '../pki/signing/desk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const QUEUE = 'boards/node';
/** The signer has another key now. */
const OUTDATED = ensureRoleKey(join(temporaryFolder(), 'outdated.key.pem'), 'signer').verifier;

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.end();
  bench = undefined;
});

/** Runs a step as a worker does, of the workflow of a unit. */
function asActivity<T>(serial: string, step: () => Promise<T>): Promise<T> {
  const context = {
    info: { attempt: 1, workflowExecution: { workflowId: `unit/${serial}`, runId: 'r' } },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return asyncLocalStorage.run(context as unknown as Context, step);
}

/** What a unit meets at this station. */
async function stationWith({ sockets = ['1', '2'], signer = PERMIT_KEY.verifier } = {}) {
  const ca = await makeCa(temporaryFolder());
  const at = await startBench({ sockets, issuers: ca.chain });
  bench = at;
  for (const socket of sockets) at.line.insertBoard('st', socket);
  for (const socket of sockets) await at.ready(socket);
  const key = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
  const claim = (serial: string, input?: GenerateKeypairInput): Promise<GeneratedKeypair> => {
    const { station } = at;
    const unit = unitOf(serial);
    const permit = signPermit(unit, PERMIT_KEY.privateKey);
    const claims = createClaimActivities({ station, key, signers: [signer] }, QUEUE);
    return asActivity(serial, () => claims.generateKeypair(input ?? { unit, permit }));
  };
  const steps = () => createStationActivities(at.station, key);
  return {
    at,
    claim,
    /** How a claim fails. */
    refused: (serial: string, input?: GenerateKeypairInput): Promise<ApplicationFailure> =>
      claim(serial, input).then(
        () => Promise.reject(new Error('it got a board')),
        (error: ApplicationFailure) => error,
      ),
    /** The signer refuses the unit that has this key, or the station its certificate. */
    leave: (serial: string, { stationId, socket, boardId }: GeneratedKeypair, code: FailureCode) =>
      asActivity(serial, () =>
        steps().releaseSocket({ unit: unitOf(serial), claim: { stationId, socket, boardId }, code }),
      ),
    /** The signer signs for it. */
    certify: async (serial: string, keypair: GeneratedKeypair) => {
      const { stationId, socket, boardId, spkiSha256, csr } = keypair;
      const der = await certifyKey(ca, serial, { boardId, spkiSha256, csr: Buffer.from(csr, 'base64') });
      const certificate = Buffer.from(der).toString('base64');
      const delivery = {
        unit: unitOf(serial),
        claim: { stationId, socket, boardId },
        spkiSha256,
        certificate,
      };
      await asActivity(serial, () => steps().flashCredentials(delivery));
    },
    room: () => at.station.capacity(QUEUE),
    tiles: () => at.station.tiles.map(({ state, code }) => [state, code]),
  };
}

describe('a station that does not know the signer any more', () => {
  it('stops offering boards after two units, which another station may take', async () => {
    const { refused, room, tiles } = await stationWith({ signer: OUTDATED });
    for (const serial of ['CL-1', 'CL-2'])
      expect(await refused(serial)).toMatchObject({ type: 'SIGNER_UNKNOWN', nonRetryable: false });
    expect(room()).toBe(0);
    expect(tiles()).toEqual([
      ['fault', 'SIGNER_UNKNOWN'],
      ['fault', 'SIGNER_UNKNOWN'],
    ]);
    // What was on its way to it comes to nothing, and is tried again.
    expect(await refused('CL-3')).toMatchObject({ type: 'NO_BOARD', nonRetryable: false });
  });

  it('is not stopped by one unit with a bad permit, nor by strangers, nor by what is no task of ours', async () => {
    const { at, claim, refused, room, tiles } = await stationWith();
    const permit = { signature: 'bm8=' };
    const bad = { unit: unitOf('CL-1'), permit };
    for (let time = 0; time < 3; time++) expect((await refused('CL-1', bad)).type).toBe('SIGNER_UNKNOWN');
    expect(room()).toBe(2);
    at.units.isOrchestrated = false;
    for (const serial of ['CL-2', 'CL-3', 'CL-4']) {
      expect((await refused(serial, { unit: unitOf(serial), permit })).type).toBe('SIGNER_UNKNOWN');
      expect((await refused(serial, {} as GenerateKeypairInput)).type).toBe('REQUEST_INVALID');
    }
    expect(room()).toBe(2);
    expect(tiles()).toEqual([
      ['ready', null],
      ['ready', null],
    ]);
    await claim('CL-5');
  });
});

describe('a station of an earlier version', () => {
  it('stops offering boards where it understands no task', async () => {
    const { refused, room } = await stationWith();
    for (const serial of ['CL-1', 'CL-2'])
      expect(await refused(serial, { ...unitOf(serial) } as never)).toMatchObject({
        type: 'REQUEST_INVALID',
        nonRetryable: false,
      });
    expect(room()).toBe(0);
  });
});

describe('a station that the signer does not accept', () => {
  it.each<FailureCode>([
    'STATION_REVOKED',
    'STATION_STOPPED',
    'STATION_CLOCK',
    'REQUEST_INVALID',
    'KEY_REUSED',
  ])('stops offering boards after two units with %s', async (code) => {
    const { claim, leave, room, tiles } = await stationWith({ sockets: ['1', '2', '3'] });
    const keys = [await claim('CL-1'), await claim('CL-2')] as const;
    await leave('CL-1', keys[0], code);
    await leave('CL-2', keys[1], code);
    await until('the tiles say so', () => tiles().some(([state, why]) => state === 'fault' && why === code));
    expect(room()).toBe(0);
  });

  it('does not hear it of a stranger, nor of a unit that has no board there', async () => {
    const { at, claim, leave, room } = await stationWith({ sockets: ['1', '2', '3'] });
    const keys = [await claim('CL-1'), await claim('CL-2')] as const;
    await leave('CL-3', keys[0], 'STATION_REVOKED');
    await leave('CL-4', keys[1], 'STATION_REVOKED');
    expect(room()).toBe(1);
    at.units.isOrchestrated = false;
    await leave('CL-1', keys[0], 'STATION_REVOKED');
    await leave('CL-2', keys[1], 'STATION_REVOKED');
    await until('the boards are offered', () => room() === 3);
  });

  it('tries one board after a pause, and takes units again once the signer has signed for one', async () => {
    const { at, claim, leave, certify, room, tiles } = await stationWith({ sockets: ['1', '2', '3'] });
    const keys = [await claim('CL-1'), await claim('CL-2')] as const;
    await leave('CL-1', keys[0], 'STATION_REVOKED');
    await leave('CL-2', keys[1], 'STATION_REVOKED');
    expect(room()).toBe(0);
    await until('one board is offered', () => room() > 0);
    expect(room()).toBe(1);
    const tried = await claim('CL-3');
    expect(room()).toBe(0);
    await certify('CL-3', tried);
    expect(room()).toBe(2);
    expect(tiles().filter(([state]) => state === 'fault')).toEqual([]);
    expect(at.station.tiles.find(({ serial }) => serial === 'CL-3')?.state).toBe('busy');
  });

  it('takes units again when it is started again', async () => {
    const { at, claim, leave, room } = await stationWith();
    const keys = [await claim('CL-1'), await claim('CL-2')] as const;
    await leave('CL-1', keys[0], 'STATION_REVOKED');
    await leave('CL-2', keys[1], 'STATION_REVOKED');
    await at.restart();
    await until('the boards are offered', () => room() === 2);
  });
});
