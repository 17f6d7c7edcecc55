import { hostname } from 'node:os';
import { inboxOwner, OWNER_GONE_MS } from '../../manifests/intake/inbox-owner.ts';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Which factory line reads a drop folder; undefined where none does. */
export async function checkInboxOwner(inbox: string, stateFolder: string): Promise<Finding | undefined> {
  const owner = await inboxOwner(inbox);
  if (owner === undefined || owner.ageMs >= OWNER_GONE_MS) return undefined;
  const { host, line, since } = owner;
  const says = `${inbox} is read by the factory line ${line} on host ${host} since ${since}`;
  // On two hosts, state folders have the same path.
  if (line === stateFolder && host === hostname()) return ok('inbox owner', says);
  return warn('inbox owner', `${says}: another one cannot read it, so give each its own`);
}
