import type { SmpClient } from '../client/client.ts';
import { hashFile, hashOf } from './hash-file.ts';
import type { ReadFileOptions } from './read-file.ts';

/**
 * True when the file on the board has exactly this content, by SHA-256 and length: one round trip where the
 * firmware hashes, otherwise the file is read. False when it differs or is not there.
 */
export async function verifyFile(
  client: SmpClient,
  path: string,
  content: Uint8Array,
  options?: ReadFileOptions,
): Promise<boolean> {
  const hashed = await hashFile(client, path, 'sha256', options);
  return (
    hashed !== undefined && hashed.length === content.length && hashed.hash === hashOf(content, 'sha256')
  );
}
