import { verifierText } from '../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { stationKeyPath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { tell } from '../terminal/stdout.ts';

/** `certline station enroll`; again, it prints the same. Throws `configuration`, STATION_KEY_INVALID. */
export function enrollStations(
  { stateFolder, config }: Invocation,
  options: { readonly json?: boolean },
): void {
  if (config.stations.length === 0)
    throw new CommandError(
      'configuration',
      'The configuration names no station: add its sockets under "stations".',
    );
  const enrolled = config.stations.map(({ id, sockets }) => {
    const key = verifierText(ensureStationKey(stationKeyPath(stateFolder, id), id).verifier);
    const command = `certline station admit '${key}' --sockets ${sockets.length}`;
    return { stationId: id, key, sockets: sockets.length, command };
  });
  tell(options.json, enrolled, ...enrolled.map(({ command }) => command));
}
