import { join } from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { ConfigError } from './config-error.ts';
import { REGISTRY } from '../registry/record/registry-store.ts';
import { waitForPostgresLock } from '../sql/postgres-lock.ts';
import type { RegistryPlace } from './registry.ts';
import { isDatabaseOpen, tryLock, waitForLock } from '../disk/exclusive-lock.ts';
import type { ExclusiveLock } from '../disk/exclusive-lock.ts';

/** Held by the line of a state folder for as long as it runs. */
const lineLockPath = (stateFolder: string): string => join(stateFolder, 'line.lock');

/** Whether a line of this host (`up`, `demo`) runs on the state folder now: a living process holds its lock. */
export function isLineRunning(stateFolder: string): boolean {
  return isDatabaseOpen(lineLockPath(stateFolder));
}

/** One line for one state folder. The lock goes with its process, however that ends. Throws LINE_RUNNING. */
export function lockLine(stateFolder: string): ExclusiveLock {
  makeFolder(stateFolder);
  const lock = tryLock(lineLockPath(stateFolder));
  if (lock) return lock;
  throw new ConfigError(
    'LINE_RUNNING',
    `A factory line already runs on ${stateFolder}: stop it, or name another folder with --state.`,
  );
}

/** One process for one station: its ports and its book are nobody else's. Throws LINE_RUNNING. */
export function lockStation(stateFolder: string, station: string): ExclusiveLock {
  const folder = join(stateFolder, 'stations', station);
  makeFolder(folder);
  const lock = tryLock(join(folder, 'station.lock'));
  if (lock) return lock;
  throw new ConfigError(
    'LINE_RUNNING',
    `Station ${station} already runs on ${stateFolder}: stop it, or name another folder with --state.`,
  );
}

/** Any fixed number: the orchestrators of a registry on PostgreSQL take this advisory lock. */
const INTAKE_LOCK = 0x43_65_72_76;

/**
 * Of the orchestrators that share a state folder or a registry, one has the drop folder. Waits for the others, calling
 * `onWait`; rejects with the signal's reason.
 */
export async function lockIntake(
  { stateFolder, config }: RegistryPlace,
  onWait: () => void,
  signal: AbortSignal,
): Promise<ExclusiveLock> {
  const onHost = await waitForLock(join(stateFolder, 'intake.lock'), onWait, signal);
  if (config.registry === undefined) return onHost;
  try {
    const lock = await waitForPostgresLock(REGISTRY, config.registry, INTAKE_LOCK, onWait, signal);
    const release = (): void => {
      lock.release();
      onHost.release();
    };
    return { ...lock, release };
  } catch (error) {
    onHost.release();
    throw error;
  }
}
