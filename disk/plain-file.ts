import { statSync } from 'node:fs';

/** The length in bytes of a file; undefined for a folder, a pipe or a device, which have none. Throws the file system's error. */
export function plainFileBytes(path: string): number | undefined {
  const stats = statSync(path);
  return stats.isFile() ? stats.size : undefined;
}
