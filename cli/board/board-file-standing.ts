import type { SmpClient } from '../../smp/client/client.ts';
import { fileSize } from '../../smp/files/file-size.ts';
import { FS_ERROR, FS_GROUP } from '../../smp/requests/fs-requests.ts';
import { isSmpError } from '../../smp/smp-error.ts';

/**
 * The size of a file in bytes, or what is at the path instead; `untold` where the firmware does not say, as servers of
 * protocol version 1 for directories.
 */
export async function boardFileStanding(
  client: SmpClient,
  path: string,
  signal: AbortSignal,
): Promise<number | 'absent' | 'directory' | 'untold'> {
  try {
    return (await fileSize(client, path, { signal })) ?? 'absent';
  } catch (error) {
    if (!isSmpError(error, 'SMP_DEVICE_ERROR', 'SMP_UNSUPPORTED')) throw error;
    const { group, rc } = error.device ?? {};
    return group === FS_GROUP && rc === FS_ERROR.isDirectory ? 'directory' : 'untold';
  }
}
