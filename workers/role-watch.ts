import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { LineTrouble } from '../provisioning/line-trouble.ts';
import { roleStandings } from '../temporal/role-standings.ts';
import type { RoleStanding } from '../temporal/role-standings.ts';
import { BatchTeller } from './batch-teller.ts';
import type { Notices } from '../registry/notices.ts';
import { every } from './periodic-role.ts';
import { RoleNotices } from './role-notices.ts';
import type { Role } from './role.ts';

/** A killed role is silent after 25 s; with this pause every batch shows it within 30 s. */
const LOOK_PAUSE_MS = 3_000;

const STATION = 'station ';

export interface RoleWatchOptions {
  readonly client: Client;
  /** Stations that are configured on this host; others are known once they have been seen. */
  readonly stations: readonly string[];
  /** Where it is noted that a role is down; undefined where nobody hears of it. */
  readonly notices: Pick<Notices, 'add'> | undefined;
  readonly log: Logger;
}

/**
 * The orchestrator looks whether the signer and the stations still report to Temporal, and every batch that runs shows which
 * of them do not. Stations that were stopped on purpose are forgotten when the server forgets them.
 */
export function watchRoles({ client, stations, notices, log }: RoleWatchOptions): Role {
  const teller = new BatchTeller(client, 'roles', isOfRole, log);
  const known = new Set(stations);
  const outages = new RoleNotices();
  let isStarting = true;
  const look = async (): Promise<void> => {
    // Roles that start together are seen a moment later.
    if (isStarting) {
      isStarting = false;
      return;
    }
    const standings = await roleStandings(client, [...known]);
    for (const { role, state } of standings) {
      if (!role.startsWith(STATION)) continue;
      if (state === 'polling') known.add(role.slice(STATION.length));
      if (state === 'stopped') known.delete(role.slice(STATION.length));
    }
    for (const notice of outages.see(standings, performance.now())) await notices?.add(notice);
    // A batch continues while another process of the role works.
    const ofRoles = standings.filter(({ isFurther }) => isFurther !== true);
    await teller.tell(ofRoles.flatMap(troubleOf));
  };
  return every(
    LOOK_PAUSE_MS,
    [{ run: look, failed: 'cannot see which roles run; the next look comes' }],
    log,
  );
}

/** Signer and stations that are silent; what else is wrong is reported by others. */
function isOfRole({ code }: LineTrouble): boolean {
  return code === 'SIGNER_UNREACHABLE' || code === 'STATION_UNREACHABLE';
}

/** The same words for as long as the trouble lasts: each change is a signal. */
function troubleOf({ role, state, lastSeenAt, host, pid }: RoleStanding): LineTrouble[] {
  const isStation = role.startsWith(STATION);
  if (state === 'polling' || (role !== 'signer' && !isStation)) return [];
  const where = host === undefined ? '' : ` (last on host ${host}, pid ${pid})`;
  const since = lastSeenAt === undefined ? '' : ` since ${lastSeenAt.slice(0, 19)}Z`;
  const what = { silent: `is silent${since}`, stopped: `was stopped${since}`, unseen: 'does not run' }[state];
  const says = `${role} ${what}${where}: see whether its host and its process run, and start it again`;
  if (!isStation) return [{ code: 'SIGNER_UNREACHABLE', says }];
  return [{ code: 'STATION_UNREACHABLE', station: role.slice(STATION.length), says }];
}
