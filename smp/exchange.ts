import type { AnswerPace } from './answer-times.ts';
import { AnswerTimes } from './answer-times.ts';
import type { FrameDamage, FrameDecoder, Framing } from './framing.ts';
import type { Link } from './link.ts';
import { SmpError } from './smp-error.ts';
import type { SmpErrorCode } from './smp-error.ts';
import { decodeSmpHeader, SMP_HEADER_BYTES } from './smp-header.ts';
import type { SmpHeader } from './smp-header.ts';

/** One message to send and what its answer looks like. */
export interface Transmission {
  /** Header and body; wiped once it is on its way. */
  message: Uint8Array;
  header: SmpHeader;
  pace: AnswerPace;
  waitMs: number;
  signal: AbortSignal | undefined;
}

/** The body of an answer, a view into a buffer that the receiver wipes. */
export interface Answer {
  body: Uint8Array;
}

/** Counts of what was received and not used; for diagnosis. */
export interface LinkStatistics {
  messages: number;
  /** Answers to earlier requests, or to nothing that was asked. */
  stray: number;
  damaged: number;
  textBytes: number;
}

interface Pending {
  header: SmpHeader;
  finish(outcome: Answer | SmpError): void;
  /** Why bytes that came meanwhile were not the answer. */
  lastDamage: SmpErrorCode | undefined;
}

interface Sent {
  sequence: number;
  pace: AnswerPace;
  atMs: number;
  frameBytes: number;
}

const DAMAGE_CODES: Record<FrameDamage, SmpErrorCode> = {
  crc: 'SMP_CRC',
  characters: 'SMP_CRC',
  length: 'SMP_SHORT_FRAME',
  incomplete: 'SMP_SHORT_FRAME',
  orphan: 'SMP_SHORT_FRAME',
};

const UNANSWERED_SENTENCES: Partial<Record<SmpErrorCode, string>> = {
  SMP_CRC: 'answers arrive damaged: check cable, ground and baud rate',
  SMP_SHORT_FRAME: 'answers arrive incomplete: check cable and flow control',
  SMP_WRONG_COMMAND: 'answers arrive that belong to another request: is another program using this port?',
  SMP_NOISE_ONLY:
    'there is text on this port, but no SMP server: is it the right port, and is MCUmgr in the firmware?',
  SMP_TIMEOUT: 'no answer: is the board powered, is it the right port and baud rate?',
};

/** Sends one message at a time over a link and finds its answer among everything that is received. */
export class Exchange {
  readonly answerTimes = new AnswerTimes();
  readonly statistics: LinkStatistics = { messages: 0, stray: 0, damaged: 0, textBytes: 0 };
  readonly #link: Link;
  readonly #framing: Framing;
  readonly #decoder: FrameDecoder;
  readonly #stopListening: (() => void)[];
  #pending: Pending | undefined;
  #ended: SmpError | undefined;
  /** Transmissions nobody has answered yet, oldest first. */
  #unanswered: Sent[] = [];

  constructor(link: Link, framing: Framing, onText: (bytes: Uint8Array) => void) {
    this.#link = link;
    this.#framing = framing;
    this.#decoder = framing.createDecoder({
      message: (bytes, wireBytes) => this.#message(bytes, wireBytes),
      text: (bytes) => {
        this.statistics.textBytes += bytes.length;
        onText(bytes);
      },
      damaged: (damage) => this.#damaged(DAMAGE_CODES[damage]),
    });
    this.#stopListening = [
      link.onBytes((bytes) => this.#decoder.feed(bytes)),
      link.onClosed((cause) => this.end(lost(link.name, cause))),
    ];
  }

  /** How many transmissions are without an answer; a board may still be working on them. */
  get unansweredCount(): number {
    return this.#unanswered.length;
  }

  /** Milliseconds that many message bytes out and in need on this wire. */
  wireMs(sentMessageBytes: number, receivedMessageBytes: number): number {
    const bytes = this.#framing.wireLength(sentMessageBytes) + this.#framing.wireLength(receivedMessageBytes);
    return this.#millisecondsOnWire(bytes);
  }

  /** Ends a line the receiver may be in the middle of, and forgets half an answer. */
  async resynchronise(): Promise<void> {
    this.#throwIfEnded();
    this.#decoder.reset();
    if (this.#framing.resynchronise.length > 0) await this.#link.write(this.#framing.resynchronise);
  }

  /**
   * Sends and waits for the answer. Rejects with an unanswered code that says what came instead, `LINK_LOST`,
   * `SMP_CANCELLED` or `SMP_CLOSED`.
   */
  async transmit(transmission: Transmission): Promise<Answer> {
    this.#throwIfEnded();
    transmission.signal?.throwIfAborted();
    const frame = this.#framing.encode(transmission.message);
    transmission.message.fill(0);
    const answer = this.#expect(transmission);
    this.#noteSent(transmission, frame.length);
    this.#write(frame);
    return await answer;
  }

  /** Ends everything with this error: what is pending now and whatever is asked later. */
  end(error: SmpError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const stop of this.#stopListening) stop();
    this.#decoder.reset();
    this.#pending?.finish(error);
  }

  async #expect(transmission: Transmission): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const finish = (outcome: Answer | SmpError): void => {
      this.#pending = undefined;
      if (outcome instanceof SmpError) reject(outcome);
      else resolve(outcome);
    };
    const pending: Pending = { header: transmission.header, finish, lastDamage: undefined };
    const timer = setTimeout(() => finish(this.#unansweredError(pending)), transmission.waitMs);
    const onAbort = (): void => finish(cancelled(this.#link.name));
    transmission.signal?.addEventListener('abort', onAbort);
    this.#pending = pending;
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      transmission.signal?.removeEventListener('abort', onAbort);
    }
  }

  #write(frame: Uint8Array): void {
    this.#link
      .write(frame)
      .catch((error: unknown) => this.end(lost(this.#link.name, error)))
      .finally(() => frame.fill(0));
  }

  #noteSent(transmission: Transmission, frameBytes: number): void {
    const { header, pace } = transmission;
    this.#unanswered.push({ sequence: header.sequence, pace, atMs: performance.now(), frameBytes });
    if (this.#unanswered.length > 8) this.#unanswered.shift();
  }

  #message(bytes: Uint8Array, wireBytes: number): void {
    const header = decodeSmpHeader(bytes);
    if (header === undefined || header.length !== bytes.length - SMP_HEADER_BYTES) {
      bytes.fill(0);
      this.#damaged('SMP_SHORT_FRAME');
      return;
    }
    this.statistics.messages++;
    this.#learn(header.sequence, wireBytes);
    if (this.#pending !== undefined && answers(header, this.#pending.header)) {
      this.#pending.finish({ body: bytes.subarray(SMP_HEADER_BYTES) });
      return;
    }
    bytes.fill(0);
    this.statistics.stray++;
    if (this.#pending?.header.sequence === header.sequence) this.#pending.lastDamage = 'SMP_WRONG_COMMAND';
  }

  /** Boards answer in order: whatever was sent before the answered one will not be answered any more. */
  #learn(sequence: number, wireBytes: number): void {
    const index = this.#unanswered.findIndex((sent) => sent.sequence === sequence);
    if (index < 0) return;
    const sent = this.#unanswered[index] as Sent;
    this.#unanswered = this.#unanswered.slice(index + 1);
    const elapsedMs = performance.now() - sent.atMs;
    const wireMs = this.#millisecondsOnWire(sent.frameBytes + wireBytes);
    this.answerTimes.learn(sent.pace, Math.max(0, elapsedMs - wireMs));
  }

  #damaged(code: SmpErrorCode): void {
    this.statistics.damaged++;
    if (this.#pending !== undefined) this.#pending.lastDamage = code;
  }

  #millisecondsOnWire(bytes: number): number {
    return this.#link.bitsPerSecond === undefined ? 0 : (bytes * 10_000) / this.#link.bitsPerSecond;
  }

  #unansweredError(pending: Pending): SmpError {
    const noiseOnly = this.statistics.messages === 0 && this.statistics.textBytes > 0;
    const code = pending.lastDamage ?? (noiseOnly ? 'SMP_NOISE_ONLY' : 'SMP_TIMEOUT');
    return new SmpError(code, `${this.#link.name}: ${UNANSWERED_SENTENCES[code] as string}`);
  }

  #throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }
}

function answers(header: SmpHeader, request: SmpHeader): boolean {
  return (
    header.sequence === request.sequence &&
    header.group === request.group &&
    header.id === request.id &&
    header.op === request.op + 1
  );
}

function lost(name: string, cause: unknown): SmpError {
  const sentence = `${name}: the connection was lost: check the cable and the board’s power, then try again`;
  return new SmpError('LINK_LOST', sentence, { cause });
}

/** The error of a request ended by its caller's AbortSignal. */
export function cancelled(name: string): SmpError {
  return new SmpError('SMP_CANCELLED', `${name}: cancelled`);
}
