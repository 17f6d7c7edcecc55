import { isThere } from '../../disk/is-there.ts';
import { StationBook } from '../../fixtures/station/station-book.ts';
import type { StationConfig } from '../../fixtures/station/station-config.ts';
import type { EnrolledStation } from '../../pki/signing/stations.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { loadStationKey } from '../../pki/keys/station-key.ts';
import { stationBookPath, stationKeyPath } from '../../line/state-folder.ts';
import { fail, failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** The stations of this host, and, where the ledger is here, all that it knows. */
export interface StationBooks {
  readonly stateFolder: string;
  readonly configured: readonly StationConfig[];
  readonly enrolled: readonly EnrolledStation[] | undefined;
}

/**
 * Whether the signer accepts requests from the stations: one finding for those that work, one for each that does not.
 */
export function checkStations({ stateFolder, configured, enrolled }: StationBooks): Finding[] {
  const own = configured.flatMap(({ id }) => {
    const found = enrolled?.find(({ stationId }) => stationId === id);
    const key = checkOwn(stateFolder, id, enrolled === undefined ? 'elsewhere' : found);
    return [key, checkBook(stateFolder, id)].filter((finding) => finding !== undefined);
  });
  if (enrolled === undefined) return own;
  const stopped = enrolled.filter(({ state }) => state === 'stopped').map((station) => checkStopped(station));
  const working = enrolled.filter(({ state }) => state === 'enrolled').map(({ stationId }) => stationId);
  const names = working.length === 0 ? 'none yet' : working.join(', ');
  return [ok('stations', `the signer accepts requests from ${names}`), ...stopped, ...own];
}

function checkStopped({ stationId, reason }: EnrolledStation): Finding {
  const cure = `find out why, then: certline station release ${stationId} --reason "..."`;
  return fail(`station ${stationId}`, 'signer', `is stopped (${reason ?? 'no reason'}): ${cure}`);
}

/** A station of this host; `elsewhere` where the signer's ledger is not here. */
function checkOwn(
  stateFolder: string,
  id: string,
  known: EnrolledStation | undefined | 'elsewhere',
): Finding | undefined {
  const check = `station ${id}`;
  const path = stationKeyPath(stateFolder, id);
  if (!isThere(path)) return warn(check, `has no key yet: ${ENROLL}`);
  try {
    const text = verifierText(loadStationKey(path, id).verifier);
    if (known === 'elsewhere') return undefined;
    if (known === undefined) return warn(check, `is not enrolled: ${ENROLL}`);
    if (known.state === 'revoked')
      return fail(check, 'signer', `is revoked: take it out of use, or ${ENROLL}`);
    if (known.verifier === text) return undefined;
    return fail(check, 'signer', `has another key than was admitted: find out why, then ${ENROLL}`);
  } catch (error) {
    return failure(check, error);
  }
}

/** The record of the boards in the sockets of a station; undefined where it can be used, or is made when it is needed. */
function checkBook(stateFolder: string, id: string): Finding | undefined {
  const path = stationBookPath(stateFolder, id);
  try {
    if (isThere(path)) StationBook.check(path);
    return undefined;
  } catch (error) {
    return failure(`station ${id}`, error);
  }
}

/** "certline up" does it for stations of its own host that nobody admitted yet. */
const ENROLL = 'run "certline station enroll" here, then the command that it prints at the signer';
