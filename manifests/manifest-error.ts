import { errnoOf } from '../disk/errno.ts';

/**
 * What we could not do with a manifest. What is wrong with the manifest itself is no error but an issue in the answer.
 * MANIFEST_STORE_FAILED: the private copy, in the state folder, cannot be written or read.
 * MANIFEST_ANSWER_FAILED: an answer or a result cannot be written beside the manifest.
 * MANIFEST_INBOX_FAILED: the drop folder cannot be read.
 * All are the line's fault, and a later retry helps when disk, rights or folder are mended.
 */
export type ManifestErrorCode = 'MANIFEST_STORE_FAILED' | 'MANIFEST_ANSWER_FAILED' | 'MANIFEST_INBOX_FAILED';

/** The one error class of this room; its message says what failed, where, and the cure. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code: ManifestErrorCode;

  /** `doing` as in "write the answer"; the cure is told by the system's error code in `cause`. */
  constructor(code: ManifestErrorCode, doing: string, path: string, cause: unknown) {
    super(`Cannot ${doing} ${path}: ${cure(errnoOf(cause) ?? '', cause)}.`, { cause });
    this.code = code;
  }
}

function cure(errno: string, cause: unknown): string {
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full; free some space';
    case 'EROFS':
      return 'the disk is read-only; mount it writable';
    case 'EACCES':
    case 'EPERM':
      return 'no permission; give it to the user that runs Certline';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such folder; make it, or correct the path';
    case 'ENAMETOOLONG':
      return 'the name is too long; give the manifest a shorter one';
    default:
      return `${cause instanceof Error ? cause.message : String(cause)}; mend that, then try again`;
  }
}
