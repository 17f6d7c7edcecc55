import { externalConfiguration } from '../../temporal/server/external-configuration.ts';
import { withLineClient } from '../line/line-client.ts';
import { roleStandings, troubleOfRole } from '../../temporal/role-standings.ts';
import { failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Which roles of a line that is spread over hosts ask for work. Nothing is found where the environment names no server. */
export async function checkRoles(stateFolder: string, stations: readonly string[]): Promise<Finding[]> {
  try {
    if (externalConfiguration(process.env) === undefined) return [];
    const roles = await withLineClient(stateFolder, (client) => roleStandings(client, stations));
    const troubles = roles.flatMap((role) => {
      const says = troubleOfRole(role);
      return says === undefined ? [] : [warn(role.role, says)];
    });
    const polling = roles.filter(({ state }) => state === 'polling').map(({ role }) => role);
    return polling.length === 0 ? troubles : [ok('roles', `at work: ${polling.join(', ')}`), ...troubles];
  } catch (error) {
    return [failure('roles', error)];
  }
}
