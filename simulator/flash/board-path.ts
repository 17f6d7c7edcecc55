// Path rules of Zephyr's fs.c and of LittleFS 2.11, as observed on Zephyr 4.4.0.

import { FlashError } from './flash-error.ts';

/** The one mount point of a virtual board, where Golioth's and the smp_svr sample's devicetree put LittleFS. */
export const MOUNT_POINT = '/lfs1';

/** A path below the mount point: its names, and whether it was written with a slash at the end. */
export interface BoardPath {
  readonly names: readonly string[];
  readonly trailingSlash: boolean;
}

function resolveNames(rest: string): string[] {
  const names: string[] = [];
  for (const part of rest.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') names.push(part);
    else if (names.pop() === undefined) throw new FlashError('EINVAL');
  }
  return names;
}

/** Parses an absolute path; throws EINVAL for a relative one and ENOENT where no file system is mounted. */
export function parseBoardPath(path: string): BoardPath {
  // C strings end at the first NUL.
  const text = path.split('\0', 1)[0] ?? '';
  if (text.length < 2 || !text.startsWith('/')) throw new FlashError('EINVAL');
  const rest = text.slice(MOUNT_POINT.length);
  if (!text.startsWith(MOUNT_POINT) || (rest !== '' && !rest.startsWith('/'))) throw new FlashError('ENOENT');
  const names = resolveNames(rest);
  return { names, trailingSlash: names.length > 0 && rest.endsWith('/') };
}
