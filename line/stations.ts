import type { StationConfig } from '../fixtures/station/station-config.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import { parseVerifier, verifierText } from '../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
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

/**
 * The public keys of a station by this ledger that count for the certificate of a serial number (hex): that of now, and those that it has had
 * since the certificate was signed; none of a station that may not ask now.
 */
export async function* stationKeysIn(
  { stations, issuances }: Pick<Ledger, 'stations' | 'issuances'>,
  stationId: string,
  certificateSerial: string,
): AsyncGenerator<NoteVerifier> {
  const station = await stations.station(stationId);
  if (station?.state !== 'enrolled') return;
  const now = parseVerifier(station.verifier);
  if (now !== undefined) yield now;
  const issuance = await issuances.issuanceOfCertificate(certificateSerial);
  if (issuance?.stationId !== stationId) return;
  for (const replaced of await stations.replacedKeys(issuance.requestId)) {
    const key = parseVerifier(replaced);
    if (key !== undefined) yield key;
  }
}
