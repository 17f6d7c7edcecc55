import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, isRunning, processIdentity } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

const NAME = 'temporal-build.json';

/** Records which child builds or downloads the program, so that it is found after its parent was killed. */
export function recordBuild(cacheFolder: string, pid: number | undefined): void {
  const identity = pid === undefined ? undefined : identifyProcess(pid);
  if (identity !== undefined) writeFileSync(join(cacheFolder, NAME), JSON.stringify(identity));
}

/** The child has ended. */
export function forgetBuild(cacheFolder: string): void {
  rmSync(join(cacheFolder, NAME), { force: true });
}

/**
 * Ends the child that a killed process left behind, with its process group: nobody would use its result. What Go
 * compiled stays in Go's cache. The caller holds the cache's lock.
 */
export async function endOrphanedBuild(cacheFolder: string): Promise<void> {
  const orphan = readBuild(cacheFolder);
  if (orphan !== undefined && isRunning(orphan)) {
    process.kill(-orphan.pid, 'SIGKILL');
    while (isRunning(orphan)) await delay(20);
  }
  forgetBuild(cacheFolder);
}

function readBuild(cacheFolder: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(cacheFolder, NAME), 'utf8'));
    return processIdentity.safeParse(value).data;
  } catch {
    return undefined;
  }
}
