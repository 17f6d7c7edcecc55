import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { errnoOf, withPath } from './errno.ts';
import { writeWholeSync } from './write-whole.ts';

/** What every disk writes whole or not at all. */
const SECTOR_BYTES = 512;

interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
}

/**
 * A small file that is replaced many times a second, each time durably: in place, by one call of the system, where `writeWhole` takes
 * ten. A power cut leaves the old content or the new one, since both are in the first sector of the file, and as long as each other:
 * the length of a file is elsewhere on the disk. It stays open; a file that was exchanged or removed is opened again. It waits for the
 * disk, as a commit of SQLite does: on Node's thread pool the write waited behind the signatures that were under way, seven
 * milliseconds for 64 of them.
 */
export class SmallFile {
  readonly #path: string;
  readonly #mode: number;
  #file: OpenFile | undefined;

  constructor(path: string, mode: number) {
    this.#path = path;
    this.#mode = mode;
  }

  /** Replaces the content; on disk when it returns. Throws the file system's error. */
  write(content: string): void {
    const bytes = Buffer.from(content);
    if (bytes.length > SECTOR_BYTES) throw new RangeError(`${this.#path} would have ${bytes.length} bytes.`);
    const descriptor = this.#openedWith(bytes.length);
    if (descriptor === undefined) {
      this.close();
      writeWholeSync(this.#path, this.#mode, content);
      return;
    }
    try {
      writeSync(descriptor, bytes, 0, bytes.length, 0);
    } catch (error) {
      throw withPath(error, this.#path);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }

  /** The file, if it has this length now. */
  #openedWith(length: number): number | undefined {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    if (stats?.size !== length) return undefined;
    if (stats.ino !== this.#file?.inode) {
      this.close();
      this.#file = this.#open();
    }
    return this.#file?.inode === stats.ino ? this.#file.descriptor : undefined;
  }

  /** Undefined where there is no file any more. */
  #open(): OpenFile | undefined {
    try {
      const descriptor = openSync(this.#path, constants.O_RDWR | constants.O_DSYNC);
      return { descriptor, inode: fstatSync(descriptor).ino };
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return undefined;
    }
  }
}
