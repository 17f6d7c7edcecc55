import { errnoOf } from '../disk/errno.ts';

/**
 * What Certline could not do with a manifest. A fault of the manifest itself is not an error but an issue in the
 * answer. MANIFEST_STORE_FAILED: the private copy, in the state folder, cannot be written or read.
 * MANIFEST_ANSWER_FAILED: an answer or a result cannot be written beside the manifest. MANIFEST_INBOX_FAILED: the drop
 * folder cannot be read. MANIFEST_INBOX_TAKEN: another factory line reads it. MANIFEST_ORDER_UNASKED: the signer did
 * not say whether the order allows a manifest. All are faults of the factory line. A retry helps after the disk, the permissions or the
 * folder are fixed.
 */
export type ManifestErrorCode =
  | 'MANIFEST_STORE_FAILED'
  | 'MANIFEST_ANSWER_FAILED'
  | 'MANIFEST_INBOX_FAILED'
  | 'MANIFEST_INBOX_TAKEN'
  | 'MANIFEST_ORDER_UNASKED';

/** The one error class of this room; its message says what failed, where, and what to do. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code: ManifestErrorCode;

  /** `doing` as in "write the answer". What to do follows from the system's error code in `cause`. */
  constructor(code: ManifestErrorCode, doing: string, path: string, cause: unknown) {
    super(`Cannot ${doing} ${path}: ${remedy(errnoOf(cause) ?? '', cause)}.`, { cause });
    this.code = code;
  }
}

function remedy(errno: string, cause: unknown): string {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full: free some space';
    case 'EROFS':
      return 'the disk is read-only: mount it writable';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied: give the permission to the user that runs Certline';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the folder does not exist: create it, or correct the path';
    case 'ENAMETOOLONG':
      return 'the file name is too long: give the manifest a shorter name';
    default:
      return `${cause instanceof Error ? cause.message : String(cause)}; fix the cause, then try again`;
  }
}
