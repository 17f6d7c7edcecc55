import { closeSync, fchmodSync, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { errnoOf } from '../disk/errno.ts';
import { makeFolder } from '../disk/make-folder.ts';

/** How much disk a log may take: files of so many bytes, the one that is written and `oldFiles` before it. */
export interface LogBounds {
  readonly fileBytes: number;
  readonly oldFiles: number;
}

/** 250 MB in all: weeks of a line without trouble, and an hour of the worst that one board can do. */
const BOUNDS: LogBounds = { fileBytes: 50_000_000, oldFiles: 4 };

/** So many looks at the size while a file grows to its bound. */
const LOOKS = 50;

/** Or one after so long: a file that was removed takes all that is written, and nobody can read it. */
const LOOK_MS = 1_000;

/** A disk that is almost full takes some texts and others not. */
const SILENCE_MS = 60_000;

/** Its group may read it. */
const MODE = 0o640;

/**
 * A log that takes a bounded part of the disk: `certline.log` that is full becomes `certline.1.log`, that one `certline.2.log`, and the
 * oldest goes. Each text is with the system when `write` returns, so nothing is left to be written when the process ends: sonic-boom,
 * pino's own file, tries that without end where the disk is full. What cannot be written is dropped. `onTrouble` receives the first
 * error, and the first one after it was written again, at most one a minute.
 */
export class LogFile {
  readonly #path: string;
  readonly #onTrouble: (error: Error) => void;
  readonly #bounds: LogBounds;
  #descriptor: number | undefined;
  #isInTrouble = false;
  #toldMs = -Infinity;
  /** The disk took only the first part of a text. */
  #isCut = false;
  #unlooked = 0;
  #lookedMs = -Infinity;

  constructor(path: string, onTrouble: (error: Error) => void, bounds: LogBounds = BOUNDS) {
    this.#path = path;
    this.#onTrouble = onTrouble;
    this.#bounds = bounds;
    this.#try(() => this.#open());
  }

  write(text: string): void {
    // Where the name cannot be looked at, the file that is open still takes the text.
    this.#try(() => this.#keepPlace());
    this.#try(() => {
      this.#put(this.#descriptor ?? this.#open(), text);
      this.#isInTrouble = false;
    });
  }

  /** Continues in the file that has the name now, or in a new one. */
  reopen(): void {
    this.#try(() => {
      const old = this.#descriptor;
      // Its number is free also where closing fails, as on a share with a quota, and may be that of another file next.
      this.#descriptor = undefined;
      if (old !== undefined) closeSync(old);
      this.#open();
    });
  }

  /** A log that cannot be written must not stop a factory line in the middle of a board. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      const nowMs = performance.now();
      if (this.#isInTrouble || nowMs - this.#toldMs < SILENCE_MS) return;
      this.#isInTrouble = true;
      this.#toldMs = nowMs;
      this.#onTrouble(error as Error);
    }
  }

  #open(): number {
    makeFolder(dirname(this.#path));
    const descriptor = openSync(this.#path, 'a', MODE);
    this.#descriptor = descriptor;
    try {
      // Also where the umask of the process would take some of it away.
      fchmodSync(descriptor, MODE);
    } catch {
      // The file is of another user, who decides about it.
    }
    return descriptor;
  }

  #put(descriptor: number, text: string): void {
    const bytes = Buffer.from(this.#isCut ? `\n${text}` : text);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(descriptor, bytes, written);
      this.#isCut = written < bytes.length;
    }
    this.#unlooked += bytes.length;
  }

  /**
   * Before a text is written, and before the first one: a process may end before it has written much. Where others have renamed the file (another process with this log, or logrotate) or removed it, the
   * text goes into the one that has the name, or into a new one.
   */
  #keepPlace(): void {
    const nowMs = performance.now();
    const isDue = this.#unlooked >= this.#bounds.fileBytes / LOOKS || nowMs - this.#lookedMs >= LOOK_MS;
    if (!isDue || this.#descriptor === undefined) return;
    this.#unlooked = 0;
    this.#lookedMs = nowMs;
    const there = statSync(this.#path, { throwIfNoEntry: false });
    const isOurs = there !== undefined && there.ino === fstatSync(this.#descriptor).ino;
    if (isOurs && there.size < this.#bounds.fileBytes) return;
    if (isOurs) this.#rotate();
    this.reopen();
  }

  #rotate(): void {
    const { dir, name, ext } = parse(this.#path);
    const old = Array.from({ length: this.#bounds.oldFiles }, (_file, at) =>
      join(dir, `${name}.${at + 1}${ext}`),
    );
    const files = [this.#path, ...old];
    for (let at = old.length - 1; at >= 0; at--) renameIfThere(files[at]!, files[at + 1]!);
  }
}

/** Another process with this log may rename the same file at the same time. */
function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
