import { statfsSync } from 'node:fs';
import { DatabaseTroubleError } from './database-trouble.ts';

/** What a role writes for a unit changes a few pages of 4 KiB. */
const LEAST_BYTES = 128 * 1024;

/**
 * Throws DatabaseTroubleError `full` where the disk of this file has no room. SQLite may write for a long time yet, as its log file
 * has room of its own, so only the disk says it in time.
 */
export function assertRoomOnDisk(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize < LEAST_BYTES) throw new DatabaseTroubleError('full');
}
