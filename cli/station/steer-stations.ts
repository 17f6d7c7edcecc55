import type { StationState } from '../../pki/signing/stations.ts';
import { PkiError } from '../../pki/pki-error.ts';
import { isAuditKey } from '../../pki/keys/audit-key.ts';
import { parseVerifier, verifierText } from '../../pki/keys/signed-note.ts';
import { rateOf } from '../../line/stations.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printJson, tell } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

/** `certline station admit`: the ledger is made where there is none yet. Throws VERIFIER_KEY_INVALID. */
export async function admitStation(
  invocation: Invocation,
  key: string,
  {
    sockets,
    perMinute = rateOf(sockets),
    json,
  }: { readonly sockets: number; readonly perMinute?: number; readonly json?: boolean },
): Promise<void> {
  const verifier = parseVerifier(key);
  if (verifier === undefined || isAuditKey(verifier)) {
    const message =
      'This is not the key of a station: copy all of the text in quotes that "certline station enroll" printed.';
    throw new PkiError('VERIFIER_KEY_INVALID', message);
  }
  const { name: stationId } = verifier;
  await withLedger(invocation, 'make', async ({ stations }) => {
    const earlier = await stations.station(stationId);
    const text = verifierText(verifier);
    await stations.admitStation({ stationId, verifier: text, perMinute });
    const wasRevoked = earlier?.state === 'revoked' && earlier.verifier === text;
    tell(
      json,
      { stationId, state: 'enrolled', perMinute, wasRevoked },
      `Station ${stationId} is enrolled, for ${perMinute} certificates a minute`,
      ...(wasRevoked ? [`It was revoked (${earlier.reason}) and has the same key as before`] : []),
    );
  });
}

/** `certline station list`. Throws `unknown` where there is no ledger. */
export async function listStations(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  await withLedger(invocation, 'read', async (ledger) => {
    const stations = await ledger.stations.stations();
    if (options.json === true) return printJson(stations);
    const words = ['station', 'state', 'a minute', 'enrolled'].map((head) => ({ head }));
    const rows = stations.map(({ stationId, state, perMinute, enrolledAt, reason = '' }) => [
      stationId,
      state,
      String(perMinute),
      enrolledAt,
      reason,
    ]);
    return await printTable([...words, { head: 'why', wraps: true }], rows);
  });
}

/** `certline station stop|release|revoke`. Throws STATION_UNKNOWN, STATION_REVOKED, `unknown`. */
export async function setStationState(
  invocation: Invocation,
  stationId: string,
  { state, reason, json }: { readonly state: StationState; readonly reason: string; readonly json?: boolean },
): Promise<void> {
  await withLedger(invocation, 'update', async (ledger) => {
    await ledger.stations.setStationState(stationId, state, reason);
    tell(json, { stationId, state, reason }, `Station ${stationId} is ${state}`);
  });
}
