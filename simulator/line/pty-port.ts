// A real pseudo-terminal: what a client opens is a tty like that of a USB serial port.

import { closeSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReadStream } from 'node:tty';

import { errnoOf } from '../../disk/errno.ts';
import { SimulatorError } from '../simulator-error.ts';

interface PtyPair {
  readonly master: number;
  readonly slave: number;
  /** The slave's path. */
  readonly pty: string;
}

/** Output that nobody reads is dropped beyond this, as a USB device drops what no host fetches. */
const UNREAD_LIMIT = 64 * 1024;
/** When the tty's buffer is full: how soon to try again. */
const RETRY_MS = 2;

function openPair(): PtyPair {
  const name = `@lydell/node-pty-${process.platform}-${process.arch}/pty.node`;
  try {
    const native = createRequire(import.meta.url)(name) as { open(columns: number, rows: number): PtyPair };
    return native.open(80, 24);
  } catch (cause) {
    throw new SimulatorError(
      'SIMULATOR_PTY_UNAVAILABLE',
      `The virtual line needs a pseudo-terminal and ${name} gave none; install the optional dependencies on Linux or macOS.`,
      cause,
    );
  }
}

/** One pty pair. The board's side is here; `path` is what a client opens, as often as it likes, until `close()`. */
export class PtyPort {
  readonly path: string;
  readonly #master: ReadStream;
  /** Keeps the line raw and alive while no client has it open. Never read: it would steal the client's bytes. */
  readonly #slave: ReadStream;
  readonly #descriptors: PtyPair;
  #unsent: Buffer[] = [];
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(onData: (bytes: Uint8Array) => void) {
    this.#descriptors = openPair();
    this.path = this.#descriptors.pty;
    this.#slave = new ReadStream(this.#descriptors.slave);
    // Without this 0x04, 0x0A and 0x0D are eaten and what the board says before a client opens is echoed back at it.
    this.#slave.setRawMode(true);
    this.#master = new ReadStream(this.#descriptors.master);
    this.#master.on('data', (bytes: Buffer) => this.#closed || onData(bytes));
    // EIO on the way out is how a pty says that the other end is gone.
    this.#master.on('error', () => undefined);
  }

  /**
   * Sends bytes to the client. Written with writeSync, because a stream over a pty master blocks the whole process when
   * the tty's buffer is full.
   */
  write(bytes: Uint8Array): void {
    if (this.#closed) return;
    const waiting = this.#unsent.reduce((sum, part) => sum + part.length, 0);
    if (waiting + bytes.length > UNREAD_LIMIT) return;
    this.#unsent.push(Buffer.from(bytes));
    if (waiting === 0) this.#flush();
  }

  /** Takes no more bytes from the client: its writes wait as soon as the kernel's buffer is full. */
  stopReading(): void {
    this.#master.pause();
  }

  /** Pulls the plug: both ends close, the client sees its port disconnect. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#master.destroy();
    this.#slave.destroy();
    // Opening a tty slave as a stream duplicates it; the original is ours to close.
    closeSync(this.#descriptors.slave);
  }

  #flush(): void {
    for (let [part] = this.#unsent; part; [part] = this.#unsent) {
      const written = this.#tryWrite(part);
      if (written < part.length) {
        this.#unsent[0] = part.subarray(written);
        this.#retry = setTimeout(() => this.#flush(), RETRY_MS).unref();
        return;
      }
      this.#unsent.shift();
    }
  }

  #tryWrite(part: Buffer): number {
    try {
      return writeSync(this.#descriptors.master, part);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0;
      throw error;
    }
  }
}

/** Points the stable name `link` at `target`, atomically, as udev does with /dev/serial/by-path. */
export function linkPort(link: string, target: string): void {
  const temporary = `${link}.new`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}
