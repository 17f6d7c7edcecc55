import { createRequire } from 'node:module';
import { closeSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';

interface PtyBinding {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
  resize(fd: number, columns: number, rows: number): void;
}

/** The board's end of a real pseudo-terminal; clients open `path` as they would a serial port. */
export interface PseudoTerminal {
  path: string;
  write(bytes: Uint8Array): void;
  resize(columns: number, rows: number): void;
  /** The next bytes from the client, at least that many. */
  read(count: number): Promise<Buffer>;
  /** From now on all bytes go to this listener. */
  onBytes(listener: (bytes: Buffer) => void): void;
  /** Closes both ends: for a client the same as pulling the cable. */
  close(): void;
}

/** Opens a pair through the prebuilt binding; its own stream class would steal what the client should read. */
export function openPseudoTerminal(): PseudoTerminal {
  const require = createRequire(import.meta.url);
  const binding = require(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`) as PtyBinding;
  const { master, slave, pty } = binding.open(80, 24);
  const stream = new ReadStream(master);
  let received = Buffer.alloc(0);
  let look = (): void => undefined;
  let deliver = (bytes: Buffer): void => {
    received = Buffer.concat([received, bytes]);
    look();
  };
  stream.on('error', () => undefined); // EIO when the pair is closed
  stream.on('data', (bytes: Buffer) => deliver(bytes));
  let closed = false;
  return {
    path: pty,
    write: (bytes) => void writeSync(master, bytes),
    resize: (columns, rows) => binding.resize(master, columns, rows),
    read: async (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      look = () => {
        if (received.length >= count) resolve();
      };
      look();
      await promise;
      const bytes = received;
      received = Buffer.alloc(0);
      return bytes;
    },
    onBytes: (listener) => {
      deliver = listener;
    },
    close: () => {
      if (closed) return;
      closed = true;
      stream.destroy();
      closeSync(slave);
    },
  };
}
