import type { StationConfig } from '../fixtures/station/station-config.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import { verifierText } from '../pki/keys/signed-note.ts';
import { ensureStationKey } from '../pki/keys/station-key.ts';
import { stationKeyPath } from './state-folder.ts';

/** A board takes seconds: three times what a busy socket needs, so that a stolen key yields little. */
const PER_SOCKET_AND_MINUTE = 60;

/** Certificates that a station with so many sockets may ask for in a minute. */
export const rateOf = (sockets: number): number => sockets * PER_SOCKET_AND_MINUTE;

/**
 * Enrolls the stations of a host that is also the signer's, each once: one that a person stopped, revoked or admitted
 * with another key stays as it is.
 */
export async function enrollOwnStations(
  stateFolder: string,
  stations: readonly StationConfig[],
  ledger: Ledger,
): Promise<void> {
  for (const { id, sockets, signaturesPerMinute } of stations) {
    const { verifier } = ensureStationKey(stationKeyPath(stateFolder, id), id);
    if ((await ledger.stations.station(id)) !== undefined) continue;
    const perMinute = signaturesPerMinute ?? rateOf(sockets.length);
    await ledger.stations.admitStation({ stationId: id, verifier: verifierText(verifier), perMinute });
  }
}
