import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import { signStatement } from '../../../pki/signing/signed-request.ts';
import type { RequestStatement } from '../../../pki/signing/signed-request.ts';
import { Ledger } from '../../../pki/ledger/ledger.ts';
import { openLedgerFile } from '../../../pki/ledger/ledger-database.ts';
import { StationGate } from '../../../pki/signing/station-gate.ts';
import { StationRates } from '../../../pki/ledger/station-rates.ts';
import { ensureStationKey, loadStationKey } from '../../../pki/keys/station-key.ts';
import { auditOf, code } from './signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const key = ensureStationKey(join(folder, 'st-1.key.pem'), 'st-1');
const other = ensureStationKey(join(folder, 'st-2.key.pem'), 'st-2');
const NOW = '2026-06-01T12:00:00.000Z';

const STATEMENT: RequestStatement = {
  requestId: 'b1/CL-1/aa',
  order: 'PO-1',
  batchId: 'b1',
  serial: 'CL-1',
  product: 'sensor',
  attempt: 1,
  stationId: 'st-1',
  boardId: 'beef',
  spkiSha256: 'aa',
  permit: { signature: 'p' },
  at: NOW,
};

let ledgers = 0;
async function newGate(perMinute = 10) {
  ledgers += 1;
  const database = openLedgerFile(join(folder, `gate-${ledgers}.db`));
  const ledger = new Ledger(database);
  await ledger.stations.admitStation({ stationId: 'st-1', verifier: verifierText(key.verifier), perMinute });
  const restart = (): StationGate => new StationGate(ledger.stations, new StationRates(database));
  let gate = restart();
  const ask = async (
    changes: Partial<RequestStatement> = {},
    arrival: { askedAt?: string; now?: string } = {},
  ) => {
    const statement = { ...STATEMENT, ...changes };
    const { askedAt = NOW, now = askedAt } = arrival;
    const times = { askedAt: new Date(askedAt), now: new Date(now) };
    await gate.count(await gate.check(statement, signStatement(statement, key.privateKey), times), times);
  };
  return { ledger, gate, ask, restart: () => void (gate = restart()) };
}

const ARRIVAL = { askedAt: new Date(NOW), now: new Date(NOW) };

describe('the gate of the signer', () => {
  it('lets through what an enrolled station signed', async () => {
    const { ask } = await newGate();
    await expect(ask()).resolves.toBeUndefined();
  });

  it.each(Object.keys(STATEMENT).filter((member) => member !== 'stationId'))(
    'refuses a request whose %s is not as it was signed',
    async (member) => {
      const { gate } = await newGate();
      const signature = signStatement(STATEMENT, key.privateKey);
      const changed = { ...STATEMENT, [member]: member === 'attempt' ? 2 : `${NOW.slice(0, -2)}1Z` };
      await expect(gate.check(changed, signature, ARRIVAL)).rejects.toThrow(code('REQUEST_INVALID'));
    },
  );

  it.each([
    ['no signature', undefined, 'REQUEST_UNSIGNED'],
    ['a number for a signature', 7 as never, 'REQUEST_UNSIGNED'],
    ['garbage for a signature', 'garbage', 'REQUEST_INVALID'],
    ["another station's signature", signStatement(STATEMENT, other.privateKey), 'REQUEST_INVALID'],
  ])('refuses %s', async (_name, signature, refusal) => {
    const { gate } = await newGate();
    await expect(gate.check(STATEMENT, signature, ARRIVAL)).rejects.toThrow(code(refusal));
  });

  it('refuses a station that is unknown, stopped or revoked, until a person says otherwise', async () => {
    const { ledger, ask } = await newGate();
    await expect(ask({ stationId: 'st-9' })).rejects.toThrow(code('STATION_UNKNOWN'));
    await ledger.stations.setStationState('st-1', 'stopped', 'a key came twice');
    await expect(ask()).rejects.toThrow(code('STATION_STOPPED'));
    await expect(ask()).rejects.toThrow('a key came twice');
    await ledger.stations.setStationState('st-1', 'enrolled', 'looked into');
    await ask();
    await ledger.stations.setStationState('st-1', 'revoked', 'stolen');
    await ledger.stations.setStationState('st-1', 'stopped', 'a key came twice');
    await expect(ask()).rejects.toThrow(code('STATION_REVOKED'));
    await expect(ledger.stations.setStationState('st-1', 'enrolled', 'x')).rejects.toThrow(
      code('STATION_REVOKED'),
    );
    await expect(ledger.stations.setStationState('st-9', 'stopped', 'x')).rejects.toThrow(
      code('STATION_UNKNOWN'),
    );
    await ledger.stations.admitStation({
      stationId: 'st-1',
      verifier: verifierText(key.verifier),
      perMinute: 10,
    });
    await ask();
    const events = (await auditOf(ledger)).map(({ body }) => (JSON.parse(body) as { event: string }).event);
    expect(events).toEqual([
      'station-admitted',
      'station-stopped',
      'station-enrolled',
      'station-revoked',
      'station-admitted',
    ]);
  });

  it.each([
    ['five minutes behind', '2026-06-01T11:55:00.000Z', true],
    ['more than five minutes behind', '2026-06-01T11:54:59.999Z', false],
    ['five minutes ahead', '2026-06-01T12:05:00.000Z', true],
    ['more than five minutes ahead', '2026-06-01T12:05:00.001Z', false],
    ['nowhere', 'noon', false],
  ])('with a clock that is %s', async (_name, at, passes) => {
    const { ask } = await newGate();
    if (passes) await ask({ at });
    else await expect(ask({ at })).rejects.toThrow(code('STATION_CLOCK'));
  });

  it('takes a request that waited hours for the signer, and none from the future, whatever Temporal says', async () => {
    const { ask } = await newGate();
    await ask({}, { now: '2026-06-01T20:00:00.000Z' });
    await expect(ask({}, { now: '2026-06-01T11:00:00.000Z' })).rejects.toThrow(code('STATION_CLOCK'));
  });

  it('keeps a station to its rate, each for itself, and lets it go on in time', async () => {
    const { ledger, ask, gate } = await newGate(2);
    await ledger.stations.admitStation({
      stationId: 'st-2',
      verifier: verifierText(other.verifier),
      perMinute: 2,
    });
    await ask();
    await ask();
    await expect(ask()).rejects.toThrow(code('STATION_RATE'));
    const theirs = { ...STATEMENT, stationId: 'st-2' };
    await gate.count(await gate.check(theirs, signStatement(theirs, other.privateKey), ARRIVAL), ARRIVAL);
    const later = { now: '2026-06-01T12:00:30.000Z' };
    await ask({}, later);
    await expect(ask({}, later)).rejects.toThrow(code('STATION_RATE'));
  });

  it('knows after a restart what a station has asked for', async () => {
    const { ask, restart } = await newGate(2);
    await ask();
    restart();
    await ask();
    restart();
    await expect(ask()).rejects.toThrow(code('STATION_RATE'));
  });
});

describe('the key of a station', () => {
  it('is made once, for its owner only', () => {
    const path = join(folder, 'st-1.key.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(verifierText(ensureStationKey(path, 'st-1').verifier)).toBe(verifierText(key.verifier));
    expect(noteVerifierOf('st-1', key.privateKey).keyId).toEqual(key.verifier.keyId);
  });

  it('is refused where it is missing, open to others, or something else', () => {
    const path = join(folder, 'bad.key.pem');
    expect(() => loadStationKey(path, 'st-1')).toThrow(code('STATION_KEY_INVALID'));
    ensureStationKey(path, 'st-1');
    chmodSync(path, 0o640);
    expect(() => loadStationKey(path, 'st-1')).toThrow(/chmod 600/);
    writeFileSync(path, 'no key');
    chmodSync(path, 0o600);
    expect(() => loadStationKey(path, 'st-1')).toThrow(code('STATION_KEY_INVALID'));
  });
});
