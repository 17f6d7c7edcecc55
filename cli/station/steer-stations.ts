import type { StationState } from '../../pki/signing/stations.ts';
import { PkiError } from '../../pki/pki-error.ts';
import { parseVerifier } from '../../pki/keys/signed-note.ts';
import { rateOf } from '../../line/stations.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

/** `certline station admit`: the ledger is made where there is none yet. Throws VERIFIER_KEY_INVALID. */
export async function admitStation(
  invocation: Invocation,
  key: string,
  { sockets, perMinute = rateOf(sockets) }: { readonly sockets: number; readonly perMinute?: number },
): Promise<void> {
  const stationId = parseVerifier(key)?.name;
  if (stationId === undefined) {
    const message =
      'This is not the key of a station: copy all of the text in quotes that "certline station enroll" printed.';
    throw new PkiError('VERIFIER_KEY_INVALID', message);
  }
  await withLedger(invocation, 'sign', async ({ stations }) => {
    const earlier = await stations.station(stationId);
    await stations.admitStation({ stationId, verifier: key, perMinute });
    printLine(`Station ${stationId} is enrolled, for ${perMinute} certificates a minute`);
    if (earlier?.state === 'revoked' && earlier.verifier === key)
      printLine(`It was revoked (${earlier.reason}) and has the same key as before`);
  });
}

/** `certline station list`. Throws `unknown` where there is no ledger. */
export async function listStations(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  await withLedger(invocation, 'read', async (ledger) => {
    const stations = await ledger.stations.stations();
    if (options.json === true) return printJson(stations);
    const heads = ['station', 'state', 'a minute', 'enrolled', 'why'].map((head) => ({ head }));
    const rows = stations.map(({ stationId, state, perMinute, enrolledAt, reason = '' }) => [
      stationId,
      state,
      String(perMinute),
      enrolledAt,
      reason,
    ]);
    return await printTable(heads, rows);
  });
}

/** `certline station stop|release|revoke`. Throws STATION_UNKNOWN, STATION_REVOKED, `unknown`. */
export async function setStationState(
  invocation: Invocation,
  stationId: string,
  { state, reason }: { readonly state: StationState; readonly reason: string },
): Promise<void> {
  await withLedger(invocation, 'command', async (ledger) => {
    await ledger.stations.setStationState(stationId, state, reason);
    printLine(`Station ${stationId} is ${state}`);
  });
}
