import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** SHA-256 of a file of any size: hex, or base64url without padding. */
export async function sha256OfFile(path: string, encoding: 'hex' | 'base64url'): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest(encoding);
}
