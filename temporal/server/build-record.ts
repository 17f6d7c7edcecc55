import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyProcess, isRunning } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

const NAME = 'temporal-build.json';

/** Notes which process builds, so that its orphan is found after the builder was killed. */
export function recordBuild(cacheFolder: string, pid: number | undefined): void {
  const identity = pid === undefined ? undefined : identifyProcess(pid);
  if (identity !== undefined) writeFileSync(join(cacheFolder, NAME), JSON.stringify(identity));
}

/** The build is over, one way or the other. */
export function forgetBuild(cacheFolder: string): void {
  rmSync(join(cacheFolder, NAME), { force: true });
}

/**
 * Ends the build that a killed builder left behind (nobody would place its result; what it compiled stays in Go's
 * cache), so that never two run. The caller holds the cache's lock.
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
    const value = JSON.parse(readFileSync(join(cacheFolder, NAME), 'utf8')) as Partial<ProcessIdentity>;
    const { pid, startedAt } = value;
    return typeof pid === 'number' && pid > 1 && typeof startedAt === 'string'
      ? { pid, startedAt }
      : undefined;
  } catch {
    return undefined;
  }
}
