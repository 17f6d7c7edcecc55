import type { RequestOptions, SmpClient } from './client.ts';
import { checkFilePath } from './file-path.ts';
import { isFileAbsent } from './file-size.ts';
import { FS_HASH } from './fs-requests.ts';
import type { FileHash } from './fs-requests.ts';

/**
 * The board's own hash of a file, `sha256` or `crc32`; `undefined` when there is no such file. Rejects with
 * `SMP_UNSUPPORTED` where the firmware has no hashes, `SMP_DEVICE_ERROR` where it lacks this one.
 */
export async function hashFile(
  client: SmpClient,
  path: string,
  type: 'sha256' | 'crc32',
  options?: RequestOptions,
): Promise<FileHash | undefined> {
  checkFilePath(path);
  const reply = await client.ask(FS_HASH, { path, type }, options);
  if (reply.ok) return reply.value;
  if (isFileAbsent(reply.device)) return undefined;
  throw client.refusal(`the ${type} of ${path}`, reply.device);
}
