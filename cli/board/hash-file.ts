import { isFileAbsent } from '../../smp/files/file-size.ts';
import { FS_HASH } from '../../smp/requests/fs-requests.ts';
import { hashFile } from '../../smp/files/hash-file.ts';
import type { HashedFile, HashType } from '../../smp/files/hash-file.ts';
import type { Invocation } from '../invocation.ts';
import { printDocument, printJson } from '../terminal/stdout.ts';
import type { BoardOptions, BoardSession } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { needing } from './firmware-option.ts';
import { noSuchBoardFile } from './get-file.ts';
import { TransferBar } from './transfer-bar.ts';

export interface HashFileOptions extends BoardOptions {
  readonly type: HashType;
}

/** `certline board hash`: hash and path as sha256sum prints them. Throws `unknown` where there is no such file. */
export async function hashBoardFile(
  invocation: Invocation,
  port: string,
  path: string,
  options: HashFileOptions,
): Promise<void> {
  const { type } = options;
  const { hash, length, by } = await withBoard(invocation, port, options, async (session) => {
    const isKey = session.credentials.isKey(path);
    const hashed = isKey ? await hashKey(session, path, type) : await hashAny(session, path, type);
    if (hashed === undefined) throw noSuchBoardFile(session.port, path);
    return hashed;
  });
  if (options.json === true) printJson({ port, path, type, hash, bytes: length, by });
  else printDocument(`${hash}  ${path}`);
}

async function hashAny(
  { client, signal }: BoardSession,
  path: string,
  type: HashType,
): Promise<HashedFile | undefined> {
  const bar = new TransferBar(path);
  const reading = { signal, onProgress: bar.update };
  return await needing('files', () => hashFile(client, path, type, reading)).finally(() => bar.end());
}

/** A key is not read for this: the board hashes it, or nobody does. */
async function hashKey(
  { client, signal }: BoardSession,
  path: string,
  type: HashType,
): Promise<HashedFile | undefined> {
  return await needing('hash', async () => {
    const reply = await client.ask(FS_HASH, { path, type }, { signal });
    if (!reply.ok) {
      if (isFileAbsent(reply.device)) return undefined;
      throw client.refusal(`the ${type} of ${path}`, reply.device);
    }
    const { output, length } = reply.value;
    const hash =
      typeof output === 'number' ? output.toString(16).padStart(8, '0') : Buffer.from(output).toString('hex');
    return { hash, length, by: 'board' };
  });
}
