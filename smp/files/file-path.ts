import { SmpError } from '../smp-error.ts';

/** CONFIG_MCUMGR_GRP_FS_PATH_LEN: longer names are refused with a bare rc 3. */
export const MAX_PATH_BYTES = 64;

/** Throws `SMP_INVALID_ARGUMENT` unless the path is absolute and 2 to 64 bytes of UTF-8. */
export function checkFilePath(path: string): void {
  const length = Buffer.byteLength(path);
  if (path.startsWith('/') && length >= 2 && length <= MAX_PATH_BYTES) return;
  const sentence = `${JSON.stringify(path)} is not a path on a board: absolute, at most ${MAX_PATH_BYTES} bytes`;
  throw new SmpError('SMP_INVALID_ARGUMENT', sentence);
}

/** Throws `SMP_INVALID_ARGUMENT` for a path the board's shell would take for several words or for something else. */
export function checkShellPath(path: string): void {
  checkFilePath(path);
  if (/^[\w./+@=:,-]+$/.test(path)) return;
  const sentence = `${JSON.stringify(path)} cannot be passed to the board's shell, which knows no quoting: use letters, digits and ./_-`;
  throw new SmpError('SMP_INVALID_ARGUMENT', sentence);
}

/** The path of the directory, or `undefined` where the parent is the root, which always exists. */
export function parentOf(path: string): string | undefined {
  const end = path.lastIndexOf('/');
  return end > 0 ? path.slice(0, end) : undefined;
}
