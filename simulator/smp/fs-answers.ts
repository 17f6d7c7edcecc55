// Codes, paths and refusals that all commands of management group 8 share.

import { ERRNO, FlashError } from '../flash/flash-error.ts';
import type { FlashImage } from '../flash/flash-image.ts';
import type { FirmwareProfile } from '../firmware-profile.ts';
import type { SmpAnswer } from './smp-answer.ts';

/** Error codes of group 8. */
export const FS = {
  UNKNOWN: 1,
  INVALID_NAME: 2,
  NOT_FOUND: 3,
  IS_DIRECTORY: 4,
  SEEK_FAILED: 6,
  WRITE_FAILED: 10,
  OFFSET_NOT_VALID: 11,
  OFFSET_LARGER_THAN_FILE: 12,
  HASH_NOT_FOUND: 13,
  MOUNT_POINT_NOT_FOUND: 14,
  FILE_EMPTY: 16,
  CLOSE_FAILED: 17,
} as const;

/** What version 1 clients get for the group's errors; all others read UNKNOWN (1). */
export const LEGACY_RC: Readonly<Record<number, number>> = {
  [FS.INVALID_NAME]: 3,
  [FS.HASH_NOT_FOUND]: 3,
  [FS.NOT_FOUND]: 5,
  [FS.MOUNT_POINT_NOT_FOUND]: 5,
  [FS.CLOSE_FAILED]: 5,
};

/** What the fs group asks of its board. */
export interface FsBoard {
  readonly profile: FirmwareProfile;
  readonly flash: FlashImage;
  /** The application's access hook: the generic code with which it refuses a path, or `undefined` to allow it. */
  refusesAccess(path: string, write: boolean): number | undefined;
  /**
   * Receives the size of each piece of file data before it is written; `false` means the board is gone before it can
   * answer.
   */
  onUploadData(byteCount: number): boolean;
}

/** CONFIG_MCUMGR_GRP_FS_PATH_LEN. */
const PATH_MAX = 64;

/** A path of 1 to 64 bytes, else `undefined`. The firmware takes bytes; names on the host are their UTF-8 text. */
export function pathOf(name: Uint8Array | undefined): string | undefined {
  if (!name || name.length === 0 || name.length > PATH_MAX) return undefined;
  return Buffer.from(name).toString('utf8');
}

/** Runs file system calls; a FlashError becomes the group's error, by `codes` or UNKNOWN. */
export function withFlash(run: () => SmpAnswer, codes: Readonly<Record<number, number>>): SmpAnswer {
  try {
    return run();
  } catch (error) {
    if (error instanceof FlashError) return { groupError: codes[error.errno] ?? FS.UNKNOWN };
    throw error;
  }
}

/** What failed reads say. */
export const READ_ERRORS: Readonly<Record<number, number>> = {
  [ERRNO.EINVAL]: FS.INVALID_NAME,
  [ERRNO.ENOENT]: FS.NOT_FOUND,
};
