// Management group 8: files.

import { LEGACY_RC } from './fs-answers.ts';
import type { FsBoard } from './fs-answers.ts';
import { fileHash, fileStatus, supportedHashes } from './fs-hash.ts';
import type { FsTransfer } from './fs-transfer.ts';
import type { SmpCommand, SmpGroup } from './smp-answer.ts';

/** The fs group of a board, with the commands its firmware was built with. */
export function fsGroup(board: FsBoard, transfer: FsTransfer): SmpGroup {
  const { fileHashes, fileClose } = board.profile;
  const commands = new Map<number, { read?: SmpCommand; write?: SmpCommand }>([
    [0, { read: (cbor) => transfer.download(cbor), write: (cbor) => transfer.upload(cbor) }],
    [1, { read: (cbor) => fileStatus(board, cbor) }],
  ]);
  if (fileHashes.length > 0) {
    commands.set(2, { read: (cbor) => fileHash(board, cbor) });
    commands.set(3, { read: () => supportedHashes(board) });
  }
  if (fileClose) commands.set(4, { write: () => transfer.closeCommand() });
  return { id: 8, name: 'fs mgmt', commands, toLegacyRc: (error) => LEGACY_RC[error] ?? 1 };
}
