import { join } from 'node:path';

/** Subfolder of the drop folder for lots that are done. */
export const ARCHIVE = 'done';

/**
 * Where a lot of the drop folder `folder` is moved to. `closedAt`: when its batch was closed first (ISO 8601), which never
 * changes, even if units of it run again.
 */
export function archiveFolder(folder: string, batchId: string, closedAt: string): string {
  return join(folder, ARCHIVE, closedAt.slice(0, 10), batchId);
}
