import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SmpClient } from '../client/client.ts';
import { isUnsupported } from '../device-error.ts';
import type { DeviceError } from '../device-error.ts';
import { checkFilePath } from './file-path.ts';
import { isFileAbsent } from './file-size.ts';
import { FS_ERROR, FS_GROUP, FS_HASH } from '../requests/fs-requests.ts';
import { readFile } from './read-file.ts';
import type { ReadFileOptions } from './read-file.ts';
import { SmpError } from '../smp-error.ts';

/** The kinds of hash Zephyr knows. */
export type HashType = 'sha256' | 'crc32';

/** Hash of a file and who computed it: the board, or we from what it sent. */
export interface HashedFile {
  readonly hash: string;
  readonly length: number;
  readonly by: 'board' | 'reading';
}

/**
 * Hash of a file's content in lower-case hex: by the board where its firmware can, otherwise by reading the file.
 * `undefined` when there is no such file.
 */
export async function hashFile(
  client: SmpClient,
  path: string,
  type: HashType,
  options: ReadFileOptions = {},
): Promise<HashedFile | undefined> {
  checkFilePath(path);
  const reply = await client.ask(FS_HASH, { path, type }, options);
  if (!reply.ok) {
    if (isFileAbsent(reply.device)) return undefined;
    if (lacksHash(reply.device)) return await hashByReading(client, path, type, options);
    throw client.refusal(`the ${type} of ${path}`, reply.device);
  }
  const { output, length } = reply.value;
  if (reply.value.type === type) return { hash: hexOf(output), length, by: 'board' };
  const sentence = `${client.name}: the board sent a ${reply.value.type} of ${path} instead of a ${type}`;
  throw new SmpError('SMP_MALFORMED_REPLY', sentence);
}

/** No such command, no such hash, or an empty file, which Zephyr refuses to hash. */
function lacksHash(device: DeviceError): boolean {
  if (isUnsupported(device)) return true;
  return device.group === FS_GROUP && (device.rc === FS_ERROR.hashNotFound || device.rc === FS_ERROR.empty);
}

async function hashByReading(
  client: SmpClient,
  path: string,
  type: HashType,
  options: ReadFileOptions,
): Promise<HashedFile | undefined> {
  const content = await readFile(client, path, options);
  if (content === undefined) return undefined;
  const hash = hashOf(content, type);
  const { length } = content;
  content.fill(0);
  return { hash, length, by: 'reading' };
}

/** The hash in lower-case hex that {@link hashFile} gives for a file of this content. */
export function hashOf(content: Uint8Array, type: HashType): string {
  return type === 'sha256' ? createHash('sha256').update(content).digest('hex') : hexOf(crc32(content));
}

function hexOf(output: Uint8Array | number): string {
  return typeof output === 'number'
    ? output.toString(16).padStart(8, '0')
    : Buffer.from(output).toString('hex');
}
