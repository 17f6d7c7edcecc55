/** 8N1: ten bits a byte. */
const BITS_PER_BYTE = 10;

/**
 * A serial wire in one direction: every byte leaves it ten bit times after the one before. `exact` polls the clock
 * while bytes are under way, at the cost of a processor; otherwise bytes are up to a timer's tick late, but never
 * the wire slower than its speed.
 */
export class Pacer {
  readonly #deliver: (bytes: Buffer) => void;
  readonly #msPerByte: number;
  readonly #exact: boolean;
  #queue: Buffer[] = [];
  /** When the first byte of the queue has left the wire. */
  #dueMs = 0;
  #running = false;

  constructor(deliver: (bytes: Buffer) => void, bitsPerSecond: number, exact: boolean) {
    this.#deliver = deliver;
    this.#msPerByte = bitsPerSecond === 0 ? 0 : (BITS_PER_BYTE * 1000) / bitsPerSecond;
    this.#exact = exact;
  }

  push(bytes: Buffer): void {
    if (this.#msPerByte === 0) {
      this.#deliver(bytes);
      return;
    }
    if (this.#queue.length === 0) this.#dueMs = Math.max(this.#dueMs, performance.now() + this.#msPerByte);
    this.#queue.push(Buffer.from(bytes));
    if (!this.#running) this.#run();
  }

  #run(): void {
    this.#running = true;
    const dueBytes = Math.floor((performance.now() - this.#dueMs) / this.#msPerByte) + 1;
    if (dueBytes > 0) this.#release(dueBytes);
    this.#running = this.#queue.length > 0;
    if (!this.#running) return;
    if (this.#exact) setImmediate(() => this.#run());
    else setTimeout(() => this.#run(), 1);
  }

  #release(count: number): void {
    const all = Buffer.concat(this.#queue);
    const bytes = all.subarray(0, count);
    const rest = all.subarray(bytes.length);
    this.#queue = rest.length > 0 ? [rest] : [];
    this.#dueMs += bytes.length * this.#msPerByte;
    this.#deliver(bytes);
  }
}
