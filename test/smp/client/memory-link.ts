import type { Link } from '../../../smp/links/link.ts';

/** A link without an operating system: the test reads what was written and says what is received. */
export class MemoryLink implements Link {
  readonly name = 'memory';
  /** Everything written, in pieces as written; copies, since the writer wipes its own. */
  readonly written: Buffer[] = [];
  /** Called after every write, with what was written. */
  onWrite: (bytes: Buffer) => void = () => {};
  writeFailure: Error | undefined;
  closed = false;
  readonly #bytes = new Set<(bytes: Uint8Array) => void>();
  readonly #ended = new Set<(cause: Error | undefined) => void>();

  async write(bytes: Uint8Array): Promise<void> {
    if (this.writeFailure !== undefined) throw this.writeFailure;
    const copy = Buffer.from(bytes);
    this.written.push(copy);
    queueMicrotask(() => this.onWrite(copy));
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#bytes.add(listener);
    return () => this.#bytes.delete(listener);
  }

  onClosed(listener: (cause: Error | undefined) => void): () => void {
    this.#ended.add(listener);
    return () => this.#ended.delete(listener);
  }

  async close(): Promise<void> {
    this.unplug(undefined);
  }

  /** Gives bytes to whoever listens, and wipes them afterwards, as a serial link does. */
  receive(bytes: string | Uint8Array): void {
    const piece = Buffer.from(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    for (const listener of this.#bytes) listener(piece);
    piece.fill(0);
  }

  unplug(cause: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    for (const listener of this.#ended) listener(cause);
  }

  get listenerCount(): number {
    return this.#bytes.size + this.#ended.size;
  }
}
