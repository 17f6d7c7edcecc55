import { join } from 'node:path';

import { tryLock } from '../../disk/exclusive-lock.ts';
import type { ExclusiveLock } from '../../disk/exclusive-lock.ts';
import { SimulatorError } from '../simulator-error.ts';

/** One simulator per directory, until it releases the lock or its process ends. Throws SIMULATOR_DIRECTORY_IN_USE. */
export function lockDirectory(directory: string): ExclusiveLock {
  const lock = tryLock(join(directory, 'simulator.lock'));
  if (lock !== undefined) return lock;
  const message = `Another simulator runs on ${directory}: stop it, or give this one a directory of its own.`;
  throw new SimulatorError('SIMULATOR_DIRECTORY_IN_USE', message);
}
