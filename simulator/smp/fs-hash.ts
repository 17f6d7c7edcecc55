// Management group 8, the commands that only look: status, hash, supported hashes. They see committed files.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { decodeKnownKeys } from './cbor-reader.ts';
import type { DecodedKeys } from './cbor-reader.ts';
import type { CborMap, CborOut } from './cbor-writer.ts';
import type { FileHash } from '../firmware-profile.ts';
import { FS, pathOf, READ_ERRORS, withFlash } from './fs-answers.ts';
import type { FsBoard } from './fs-answers.ts';
import { RC } from './smp-answer.ts';
import type { SmpAnswer } from './smp-answer.ts';

const HASH_NAME_MAX = 8;
const HASHES: Record<FileHash, { format: number; size: number; digest: (bytes: Uint8Array) => CborOut }> = {
  crc32: { format: 0, size: 4, digest: (bytes) => crc32(bytes) },
  sha256: { format: 1, size: 32, digest: (bytes) => createHash('sha256').update(bytes).digest() },
};

const HASH_KEYS = { type: 'text', name: 'text', off: 'uint', len: 'uint' } as const;
type HashKeys = DecodedKeys<typeof HASH_KEYS>;

/** Command 1: the size of a committed file. */
export function fileStatus(board: FsBoard, cbor: Uint8Array): SmpAnswer {
  const path = pathOf(decodeKnownKeys(cbor, { name: 'text' }).name);
  if (path === undefined) return { rc: RC.EINVAL };
  const refusal = board.refusesAccess(path, false);
  if (refusal !== undefined) return { rc: refusal };
  return withFlash(() => {
    const entry = board.flash.stat(path);
    return entry.kind === 'directory' ? { groupError: FS.IS_DIRECTORY } : { body: [['len', entry.size]] };
  }, READ_ERRORS);
}

/** Command 2: a hash over a committed file or a part of it. */
export function fileHash(board: FsBoard, cbor: Uint8Array): SmpAnswer {
  const keys = decodeKnownKeys(cbor, HASH_KEYS);
  const path = pathOf(keys.name);
  if (path === undefined || (keys.type?.length ?? 0) > HASH_NAME_MAX || keys.len === 0n)
    return { rc: RC.EINVAL };
  const asked = keys.type?.length ? Buffer.from(keys.type).toString('latin1') : board.profile.fileHashes[0];
  const type = board.profile.fileHashes.find((name) => name === asked);
  if (!type) return { groupError: FS.HASH_NOT_FOUND };
  const refusal = board.refusesAccess(path, false);
  if (refusal !== undefined) return { rc: refusal };
  return withFlash(() => hashOf(board, path, type, keys), READ_ERRORS);
}

function hashOf(board: FsBoard, path: string, type: FileHash, keys: HashKeys): SmpAnswer {
  const entry = board.flash.stat(path);
  if (entry.kind === 'directory') return { groupError: FS.IS_DIRECTORY };
  const off = keys.off ?? 0n;
  if (BigInt(entry.size) <= off)
    return { groupError: entry.size === 0 ? FS.FILE_EMPTY : FS.OFFSET_LARGER_THAN_FILE };
  const file = board.flash.openToRead(path);
  file.position = Number(off);
  const wanted = keys.len !== undefined && keys.len < BigInt(entry.size) ? Number(keys.len) : entry.size;
  const bytes = board.flash.read(file, wanted);
  board.flash.close(file);
  const from: CborMap = off === 0n ? [] : [['off', off]];
  return { body: [['type', type], ...from, ['len', bytes.length], ['output', HASHES[type].digest(bytes)]] };
}

/** Command 3: the hashes that were built in. */
export function supportedHashes(board: FsBoard): SmpAnswer {
  const types = board.profile.fileHashes.map((name): CborMap[number] => [
    name,
    {
      map: [
        ['format', HASHES[name].format],
        ['size', HASHES[name].size],
      ],
    },
  ]);
  return { body: [['types', { map: types }]] };
}
