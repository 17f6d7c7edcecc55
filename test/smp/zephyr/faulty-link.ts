import type { Link } from '../../../smp/links/link.ts';

/** What happens to one frame on its way. */
export type LinkFault = 'lose' | 'corrupt' | 'repeat' | 'cut' | 'delay';

/** The faults a frame can suffer. */
export const LINK_FAULTS: readonly LinkFault[] = ['lose', 'corrupt', 'repeat', 'cut', 'delay'];

/** Longer than any answer takes, so that the client has repeated its request meanwhile. */
const DELAY_MS = 400;

/**
 * A link on which one frame meets a fault. Frames are counted in both directions, requests even, answers odd; an
 * answer is whatever is received until the next request.
 */
export class FaultyLink implements Link {
  readonly name: string;
  frameCount = 0;
  readonly #link: Link;
  readonly #faultyFrame: number;
  readonly #fault: LinkFault;
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  #answerSeen = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(link: Link, faultyFrame: number, fault: LinkFault) {
    this.#link = link;
    this.name = link.name;
    this.#faultyFrame = faultyFrame;
    this.#fault = fault;
    link.onBytes((bytes) => this.#received(Buffer.from(bytes)));
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 1) return await this.#link.write(bytes);
    const frame = this.frameCount;
    this.frameCount += 2;
    this.#answerSeen = false;
    if (frame !== this.#faultyFrame) return await this.#link.write(bytes);
    const copy = Buffer.from(bytes);
    this.#apply(copy, (piece) => void this.#link.write(piece).catch(() => undefined));
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onClosed(listener: (cause: Error | undefined) => void): () => void {
    return this.#link.onClosed(listener);
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#link.close();
  }

  #received(bytes: Buffer): void {
    const isFaulty = this.frameCount - 1 === this.#faultyFrame;
    if (!isFaulty) this.#deliver(bytes);
    else if (!this.#answerSeen) this.#apply(bytes, (piece) => this.#deliver(piece));
    else if (this.#fault === 'corrupt') this.#deliver(bytes);
    this.#answerSeen = true;
  }

  #deliver(bytes: Buffer): void {
    for (const listener of this.#listeners) listener(bytes);
  }

  #apply(frame: Buffer, pass: (piece: Buffer) => void): void {
    if (this.#fault === 'repeat') pass(Buffer.concat([frame, frame]));
    if (this.#fault === 'cut') pass(frame.subarray(0, frame.length >> 1));
    if (this.#fault === 'corrupt') pass(corrupted(frame));
    if (this.#fault === 'delay') this.#timers.add(setTimeout(() => pass(frame), DELAY_MS));
  }
}

function corrupted(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  const at = copy.length >> 1;
  copy[at] = copy[at] === 0x41 ? 0x42 : 0x41;
  return copy;
}
