import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stationKeysIn } from '../../line/stations.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { askFor, openDesk, STATION } from '../pki/signing/desk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('the keys of a station that count for a certificate are those that it has had since it was signed', async () => {
  const { desk, ledger } = await openDesk();
  const now = new Date();
  const { certificateSerial } = await desk.sign(askFor('CL-1'), { askedAt: now, now });
  const keysOf = async (stationId: string, serial: string): Promise<string[]> => {
    const keys = await Array.fromAsync(stationKeysIn(ledger, stationId, serial));
    return keys.map((key) => verifierText(key));
  };
  const [first, second] = [STATION, ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st-1')].map(
    ({ verifier }) => verifierText(verifier),
  ) as [string, string];
  expect(await keysOf('st-1', certificateSerial)).toEqual([first]);
  await ledger.stations.admitStation({ stationId: 'st-1', verifier: second, perMinute: 60 });
  await ledger.stations.admitStation({ stationId: 'st-2', verifier: second, perMinute: 60 });
  expect(await keysOf('st-1', certificateSerial)).toEqual([second, first]);
  expect(await keysOf('st-1', '01')).toEqual([second]);
  expect(await keysOf('st-2', certificateSerial)).toEqual([second]);
  expect(await keysOf('st-9', certificateSerial)).toEqual([]);
  await ledger.stations.setStationState('st-1', 'stopped', 'its log looks odd');
  expect(await keysOf('st-1', certificateSerial)).toEqual([]);
});
