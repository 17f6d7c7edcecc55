import { open } from 'node:fs/promises';
import { errnoOf } from './errno.ts';
import { writeWhole } from './write-whole.ts';

/** What every disk writes whole or not at all. */
const SECTOR_BYTES = 512;

/**
 * Replaces the content of a small file in place, and puts it on the disk: for a file that is written at every commit,
 * where `writeWhole` would cost four times as much. A power cut leaves the old content or the new one, since both are in
 * the first sector of the file. Makes the file where there is none.
 */
export async function overwriteSmall(path: string, mode: number, content: string): Promise<void> {
  const bytes = Buffer.from(content);
  if (bytes.length > SECTOR_BYTES) throw new RangeError(`${path} would have ${bytes.length} bytes.`);
  let file;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await writeWhole(path, mode, content);
    return;
  }
  try {
    await file.write(bytes, 0, bytes.length, 0);
    if ((await file.stat()).size > bytes.length) await file.truncate(bytes.length);
    await file.datasync();
  } finally {
    await file.close();
  }
}
