// A board's LittleFS partition as a directory of plain files. It holds committed state only: what is written to an open
// file stays in memory until the file is closed, and a power cut loses it, as LittleFS would.

import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { MOUNT_POINT, parseBoardPath } from './board-path.ts';
import { COMMIT_BYTES, DIRECTORY_BLOCKS, fileBlocks } from './flash-blocks.ts';
import { FlashError } from './flash-error.ts';

/** An open file of the board. `content` is what a close would commit. */
export interface OpenFile {
  readonly path: string;
  content: Uint8Array;
  position: number;
  dirty: boolean;
}

/** What the flash cost since it was last asked. */
export interface FlashWork {
  programmedBytes: number;
  erasedBlocks: number;
}

/** Where a fault can bend the flash; a healthy board leaves all of it out. */
export interface FlashFaults {
  /** Blocks taken away from the free ones. */
  readonly stolenBlocks?: number;
  /** What a commit really stores: other bytes, or `undefined` for "nothing, although the call succeeds". */
  readonly onCommit?: (path: string, content: Uint8Array) => Uint8Array | undefined;
  /** Whether closing a written file fails because there is no space. */
  readonly failsClose?: (path: string) => boolean;
}

type Entry = { readonly kind: 'file'; readonly size: number } | { readonly kind: 'directory' };

/**
 * The file system of one board below `root` (the image is stored in `root/lfs1`, files mode 0600). Calls throw
 * FlashError.
 */
export class FlashImage {
  /** Called with every content that a close was asked to store, whether it was stored or not. */
  onWritten: ((path: string, content: Uint8Array) => void) | undefined;
  faults: FlashFaults = {};
  readonly #root: string;
  readonly #blocks: number;
  readonly #open = new Set<OpenFile>();
  #work: FlashWork = { programmedBytes: 0, erasedBlocks: 0 };

  constructor(root: string, blocks: number) {
    this.#root = root;
    this.#blocks = blocks;
    mkdirSync(this.#hostPath([]), { recursive: true, mode: 0o700 });
    // A killed simulator may have left half a commit; it was never part of the image.
    for (const name of readdirSync(root)) if (name.startsWith('.commit-')) rmSync(join(root, name));
  }

  /** The committed entry at `path`. */
  stat(path: string): Entry {
    if (path === '/') return { kind: 'directory' };
    const { names, trailingSlash } = parseBoardPath(path);
    const entry = this.#lookup(names);
    if (entry.kind === 'file' && trailingSlash) throw new FlashError('ENOTDIR');
    return entry;
  }

  /** Opens an existing file for reading; it sees what was committed last. */
  openToRead(path: string): OpenFile {
    if (this.stat(path).kind === 'directory') throw new FlashError('EISDIR');
    return this.#opened(path, readFileSync(this.#hostPath(parseBoardPath(path).names)));
  }

  /** Opens a file for writing, creating it: LittleFS commits the empty entry at once. The old content is kept. */
  openToWrite(path: string): OpenFile {
    const { names, trailingSlash } = parseBoardPath(path);
    const existing = this.#existing(names);
    if (existing?.kind === 'directory') throw new FlashError('EISDIR');
    if (trailingSlash) throw new FlashError('ENOTDIR');
    if (existing) return this.#opened(path, readFileSync(this.#hostPath(names)));
    this.#store(names, new Uint8Array());
    return this.#opened(path, new Uint8Array());
  }

  /** Up to `length` bytes from the file's position on. */
  read(file: OpenFile, length: number): Uint8Array {
    const bytes = file.content.slice(file.position, file.position + length);
    file.position += bytes.length;
    return bytes;
  }

  /** Writes at the file's position; data blocks are allocated now, beside the old ones, which stay until the close. */
  write(file: OpenFile, bytes: Uint8Array): void {
    const end = file.position + bytes.length;
    const content = new Uint8Array(Math.max(end, file.content.length));
    content.set(file.content);
    content.set(bytes, file.position);
    const grown = fileBlocks(content.length) - fileBlocks(file.dirty ? file.content.length : 0);
    if (grown > this.freeBlocks()) {
      // LittleFS marks the file as failed: closing it commits nothing, the old content stays.
      file.dirty = false;
      throw new FlashError('ENOSPC');
    }
    Object.assign(file, { content, position: end, dirty: true });
    this.#work.programmedBytes += bytes.length;
    this.#work.erasedBlocks += Math.max(0, grown);
  }

  /** Cuts an open file to nothing; the committed content stays until the close. */
  truncate(file: OpenFile): void {
    Object.assign(file, { content: new Uint8Array(), position: 0, dirty: true });
  }

  /** Closes a file; if it was written, this is the commit. */
  close(file: OpenFile): void {
    this.#open.delete(file);
    if (!file.dirty) return;
    this.onWritten?.(file.path, file.content);
    if (this.faults.failsClose?.(file.path)) throw new FlashError('ENOSPC');
    const stored = this.faults.onCommit ? this.faults.onCommit(file.path, file.content) : file.content;
    if (stored) this.#store(parseBoardPath(file.path).names, stored);
  }

  /** A power cut: open files are gone, what they held is lost. */
  dropOpenFiles(): void {
    for (const file of this.#open) if (file.dirty) this.onWritten?.(file.path, file.content);
    this.#open.clear();
  }

  /** Empties the partition. */
  format(): void {
    rmSync(this.#hostPath([]), { recursive: true });
    mkdirSync(this.#hostPath([]), { mode: 0o700 });
  }

  /** Makes one directory; its parent must exist. */
  mkdir(path: string): void {
    const { names } = parseBoardPath(path);
    if (this.#existing(names)) throw new FlashError('EEXIST');
    if (this.freeBlocks() < DIRECTORY_BLOCKS) throw new FlashError('ENOSPC');
    mkdirSync(this.#hostPath(names), { mode: 0o700 });
    // Of a new pair only the block that takes the first commit is erased.
    this.#work.erasedBlocks += 1;
    this.#work.programmedBytes += 2 * COMMIT_BYTES;
  }

  /** Removes a file or an empty directory. */
  unlink(path: string): void {
    const { names } = parseBoardPath(path);
    const entry = this.#lookup(names);
    if (names.length === 0) throw new FlashError('EINVAL');
    if (entry.kind === 'directory' && readdirSync(this.#hostPath(names)).length > 0)
      throw new FlashError('ENOTEMPTY');
    if (entry.kind === 'directory') rmdirSync(this.#hostPath(names));
    else unlinkSync(this.#hostPath(names));
    this.#work.programmedBytes += COMMIT_BYTES;
  }

  /** Entries of a directory in LittleFS's order, which is that of their bytes; directories end in a slash. */
  list(path: string): string[] {
    if (path === '/') return [`${MOUNT_POINT.slice(1)}/`];
    const { names } = parseBoardPath(path);
    if (this.#lookup(names).kind === 'file') throw new FlashError('ENOTDIR');
    return readdirSync(this.#hostPath(names), { withFileTypes: true })
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  }

  /** Blocks of the partition that hold nothing, committed or pending. */
  freeBlocks(): number {
    const pending = [...this.#open].reduce(
      (sum, file) => sum + (file.dirty ? fileBlocks(file.content.length) : 0),
      0,
    );
    return Math.max(0, this.#blocks - this.#usedBlocks([]) - pending - (this.faults.stolenBlocks ?? 0));
  }

  /** Blocks of the whole partition. */
  get totalBlocks(): number {
    return this.#blocks;
  }

  /** What was programmed and erased since the last call. */
  takeWork(): FlashWork {
    const work = this.#work;
    this.#work = { programmedBytes: 0, erasedBlocks: 0 };
    return work;
  }

  #opened(path: string, content: Uint8Array): OpenFile {
    const file: OpenFile = { path, content, position: 0, dirty: false };
    this.#open.add(file);
    return file;
  }

  #store(names: readonly string[], content: Uint8Array): void {
    const temporary = join(this.#root, `.commit-${randomUUID()}`);
    writeFileSync(temporary, content, { mode: 0o600 });
    renameSync(temporary, this.#hostPath(names));
    this.#work.programmedBytes += COMMIT_BYTES;
  }

  #existing(names: readonly string[]): Entry | undefined {
    if (names.length > 0 && this.#lookup(names.slice(0, -1)).kind === 'file') throw new FlashError('ENOTDIR');
    const found = statSync(this.#hostPath(names), { throwIfNoEntry: false });
    if (!found) return undefined;
    return found.isDirectory() ? { kind: 'directory' } : { kind: 'file', size: found.size };
  }

  #lookup(names: readonly string[]): Entry {
    const entry = this.#existing(names);
    if (!entry) throw new FlashError('ENOENT');
    return entry;
  }

  #usedBlocks(names: readonly string[]): number {
    const host = this.#hostPath(names);
    return readdirSync(host, { withFileTypes: true }).reduce(
      (sum, entry) =>
        sum +
        (entry.isDirectory()
          ? this.#usedBlocks([...names, entry.name])
          : fileBlocks(statSync(join(host, entry.name)).size)),
      DIRECTORY_BLOCKS,
    );
  }

  #hostPath(names: readonly string[]): string {
    return join(this.#root, MOUNT_POINT.slice(1), ...names);
  }
}
