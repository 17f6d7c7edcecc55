import { lineLockPath } from '../../line/lock.ts';
import { isDatabaseOpen } from '../../disk/exclusive-lock.ts';

/** Whether a line of this host (`up`, `demo`) runs on the state folder now: a living process holds its lock. */
export function isLineRunning(stateFolder: string): boolean {
  return isDatabaseOpen(lineLockPath(stateFolder));
}
