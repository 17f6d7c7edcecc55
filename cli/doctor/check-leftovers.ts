import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { visibleText } from '../../manifests/csv/visible-text.ts';
import { OWNER_MARK } from '../../manifests/intake/inbox-owner.ts';
import { isUnfinishedName } from '../../manifests/intake/inbox-names.ts';
import { temporalFolder } from '../../line/state-folder.ts';
import { isRunning } from '../../temporal/program/process-identity.ts';
import { readServerRecord } from '../../temporal/server/server-record.ts';
import { isLineRunning } from '../../line/lock.ts';
import { ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Nobody copies a manifest for an hour. */
const ABANDONED_MS = 3_600_000;

/** Whether a line runs, and what one that was killed has left. Locks go with their process: none can be left behind. */
export function checkLine(stateFolder: string): Finding {
  if (isLineRunning(stateFolder)) return ok('line', `runs on ${stateFolder}`);
  const record = readServerRecord(temporalFolder(stateFolder));
  if (record === undefined || !isRunning(record.process)) return ok('line', `none runs on ${stateFolder}`);
  const { pid } = record.process;
  return warn(
    'line',
    `one was killed and its Temporal server (pid ${pid}) still runs: the next start takes it over`,
  );
}

/** Files in the drop folder that somebody began to copy and never finished. */
export function checkUnfinished(inbox: string, nowMs: number = Date.now()): Finding | undefined {
  const names = isThere(inbox) ? readdirSync(inbox).filter(isUnfinishedName) : [];
  const left = names.filter((name) => {
    if (name === OWNER_MARK) return false;
    const stats = statSync(join(inbox, name), { throwIfNoEntry: false });
    return stats?.isFile() === true && nowMs - stats.mtimeMs > ABANDONED_MS;
  });
  if (left.length === 0) return undefined;
  return warn(
    'inbox',
    `unfinished copies in ${inbox}: ${left.slice(0, 5).map(visibleText).join(', ')}; delete them, or give them their names`,
  );
}
