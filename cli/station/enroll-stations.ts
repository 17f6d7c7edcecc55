import { verifierText } from '../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { stationKeyPath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printLine } from '../terminal/stdout.ts';

/** `certline station enroll`; again, it prints the same. Throws `configuration`, STATION_KEY_INVALID. */
export function enrollStations({ stateFolder, config }: Invocation): void {
  if (config.stations.length === 0)
    throw new CommandError(
      'configuration',
      'The configuration names no station: add its sockets under "stations".',
    );
  for (const { id, sockets } of config.stations) {
    const { verifier } = ensureStationKey(stationKeyPath(stateFolder, id), id);
    printLine(`certline station admit '${verifierText(verifier)}' --sockets ${sockets.length}`);
  }
}
