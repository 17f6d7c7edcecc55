/** True for an error that the operating system reported through node:fs. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** The system's error code (`ENOSPC`) of an error of node:fs, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The error of a call that knows only an open file, with the path of the file, so that people see where it happened. */
export function withPath(error: unknown, path: string): unknown {
  if (isSystemError(error) && !('path' in (error as Error)))
    Object.assign(error as Error, { path, message: `${(error as Error).message} '${path}'` });
  return error;
}

/** True for the error of a file that is not there. Any other one may be about a file that is. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}
