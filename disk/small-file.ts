import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { errnoOf, withPath } from './errno.ts';
import { writeWholeSync } from './write-whole.ts';

/** What every disk writes whole or not at all. */
const SECTOR_BYTES = 512;

interface OpenFile {
  readonly descriptor: number;
  readonly inode: number;
  readonly length: number;
}

/**
 * A small file that is replaced many times a second, each time durably: in place, by one call of the system, where
 * `writeWhole` takes ten. A power cut leaves the old content or the new one, since both are in the first sector of the
 * file. It stays open; a file that was exchanged or removed is opened again. It waits for the disk, as a commit of SQLite does: on Node's
 * thread pool the write waited behind the signatures that were under way, seven milliseconds for 64 of them.
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
    const file = this.#opened();
    // What is left of a longer content would be read as part of the new one.
    if (file === undefined || file.length > bytes.length) {
      this.close();
      writeWholeSync(this.#path, this.#mode, content);
      return;
    }
    try {
      writeSync(file.descriptor, bytes, 0, bytes.length, 0);
    } catch (error) {
      throw withPath(error, this.#path);
    }
    this.#file = { ...file, length: bytes.length };
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file.descriptor);
    this.#file = undefined;
  }

  /** Undefined where there is no file. */
  #opened(): OpenFile | undefined {
    const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino;
    if (inode !== undefined && inode === this.#file?.inode) return this.#file;
    this.close();
    try {
      const descriptor = openSync(this.#path, constants.O_RDWR | constants.O_DSYNC);
      const { ino, size } = fstatSync(descriptor);
      this.#file = { descriptor, inode: ino, length: size };
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
    return this.#file;
  }
}
