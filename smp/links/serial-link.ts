import { SerialPort } from 'serialport';
import { lendPollers } from './lent-pollers.ts';
import type { Link } from './link.ts';
import { isSmpError, SmpError } from '../smp-error.ts';
import type { SmpErrorCode } from '../smp-error.ts';

lendPollers();

/** A serial port by its path; 8N1 without flow control. */
export interface SerialLinkOptions {
  /** E.g. `/dev/ttyACM0`, `/dev/serial/by-id/…`, `/dev/serial/by-path/…`. */
  readonly path: string;
  /** Bits per second; default 115200. */
  readonly baudRate?: number;
  /** Level of DTR once open; left to the operating system when absent, which asserts it. */
  readonly dtr?: boolean;
  /** Level of RTS once open; likewise. */
  readonly rts?: boolean;
}

/**
 * Opens a serial port exclusively and drops whatever was received before. Rejects with `LINK_NOT_FOUND`,
 * `LINK_BUSY`, `LINK_DENIED` or `LINK_FAILED`.
 */
export async function openSerialLink(options: SerialLinkOptions): Promise<Link> {
  const { path, baudRate = 115_200 } = options;
  const port = new SerialPort({ path, baudRate, lock: true, autoOpen: false });
  try {
    await called((done) => port.open(done));
    await setLines(port, options);
    await called((done) => port.flush(done));
  } catch (error) {
    if (port.isOpen) await called((done) => port.close(done)).catch(() => undefined);
    throw isSmpError(error) ? error : openError(path, error);
  }
  return new SerialLink(port);
}

/** A driver that does not release its port must not keep a program from ending. */
const CLOSE_LIMIT_MS = 2_000;

class SerialLink implements Link {
  readonly name: string;
  readonly bitsPerSecond: number;
  readonly #port: SerialPort;
  readonly #byteListeners = new Set<(bytes: Uint8Array) => void>();
  readonly #closedListeners = new Set<(cause: Error | undefined) => void>();
  readonly #pendingWrites = new Set<(cause: Error) => void>();
  readonly #closed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  constructor(port: SerialPort) {
    this.#port = port;
    this.name = port.path;
    this.bitsPerSecond = port.baudRate;
    port.on('data', (bytes: Buffer) => this.#received(bytes));
    port.on('error', () => undefined); // reported to the caller that writes; a loss comes as 'close'
    // A failed write also destroys the stream, which has a 'close' of its own, without argument and too early.
    port.on('close', (...cause: (Error | null)[]) => {
      if (cause.length > 0) this.#ended(cause[0] ?? undefined);
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#port.isOpen) throw lostError(this.name, undefined);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // A write that waits for room in the kernel is not ended by serialport when the port closes: we do it.
    this.#pendingWrites.add(reject);
    this.#port.write(buffer, (error) => (error ? reject(error) : resolve()));
    try {
      await promise;
    } catch (error) {
      throw lostError(this.name, error);
    } finally {
      this.#pendingWrites.delete(reject);
    }
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#byteListeners.add(listener);
    return () => this.#byteListeners.delete(listener);
  }

  onClosed(listener: (cause: Error | undefined) => void): () => void {
    this.#closedListeners.add(listener);
    return () => this.#closedListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** What the port does not take is thrown away first: the operating system would wait for it, up to half a minute. */
  async #close(): Promise<void> {
    const timer = setTimeout(() => this.#ended(undefined), CLOSE_LIMIT_MS);
    if (this.#port.isOpen && this.#pendingWrites.size > 0) {
      this.#port.flush(() => this.#closePort());
    } else if (this.#port.isOpen) {
      this.#closePort();
    }
    await this.#closed.promise;
    clearTimeout(timer);
  }

  #closePort(): void {
    this.#port.close((error) => {
      if (error) this.#ended(error);
    });
  }

  #received(bytes: Buffer): void {
    for (const listener of this.#byteListeners) listener(bytes);
    bytes.fill(0); // a view into serialport's pool, which lives on
  }

  #ended(cause: Error | undefined): void {
    for (const reject of this.#pendingWrites) reject(cause ?? new Error('closed'));
    for (const listener of this.#closedListeners) listener(cause);
    this.#closedListeners.clear();
    this.#byteListeners.clear();
    this.#closed.resolve();
  }
}

async function setLines(port: SerialPort, options: SerialLinkOptions): Promise<void> {
  const { dtr, rts } = options;
  if (dtr === undefined && rts === undefined) return;
  const lines = { ...(dtr === undefined ? {} : { dtr }), ...(rts === undefined ? {} : { rts }) };
  try {
    await called((done) => port.set(lines, done));
  } catch (cause) {
    const sentence = `${port.path}: DTR and RTS cannot be set: this port has no such lines, so leave them out`;
    throw new SmpError('LINK_FAILED', sentence, { cause });
  }
}

async function called(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  start((error) => (error ? reject(error) : resolve()));
  await promise;
}

const OPEN_FAILURES: readonly [RegExp, SmpErrorCode, string][] = [
  [
    /no such file|file not found|no such device/i,
    'LINK_NOT_FOUND',
    'there is no such port: is the board plugged in?',
  ],
  [
    /lock port|resource busy|resource temporarily/i,
    'LINK_BUSY',
    'the port is in use: close the other program that has it open',
  ],
  [
    /permission denied|access denied|not permitted/i,
    'LINK_DENIED',
    "this user may not open the port: add the user to the port's group (dialout) and log in again",
  ],
];

function openError(path: string, cause: unknown): SmpError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const failure = OPEN_FAILURES.find(([pattern]) => pattern.test(text));
  const [, code, sentence] = failure ?? [
    undefined,
    'LINK_FAILED' as const,
    `the port cannot be opened: ${text}`,
  ];
  return new SmpError(code, `${path}: ${sentence}`, { cause });
}

function lostError(path: string, cause: unknown): SmpError {
  return new SmpError('LINK_LOST', `${path}: the port was closed or unplugged`, { cause });
}
