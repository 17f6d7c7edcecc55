import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/**
 * Opens a file that anyone may have put into the drop folder, to read it. A link would show the content of another file in an
 * answer, so it is refused (ELOOP); a pipe would never return, so it is opened without waiting. Throws the error of the system.
 */
export function openDroppedFile(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
