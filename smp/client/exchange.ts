import type { AnswerPace } from './answer-times.ts';
import { AnswerTimes } from './answer-times.ts';
import type { FrameDamage, FrameDecoder, Framing } from '../framing/framing.ts';
import type { Link } from '../links/link.ts';
import { PendingAnswer } from './pending-answer.ts';
import type { Answer, Waiting } from './pending-answer.ts';
import { SmpError } from '../smp-error.ts';
import type { SmpErrorCode } from '../smp-error.ts';
import { decodeSmpHeader, SMP_HEADER_BYTES } from '../wire/smp-header.ts';
import type { SmpHeader } from '../wire/smp-header.ts';

/** One message to send and what its answer looks like. */
export interface Transmission extends Waiting {
  /** Header and body; wiped once it is on its way. */
  message: Uint8Array;
  header: SmpHeader;
  pace: AnswerPace;
  signal: AbortSignal | undefined;
}

/** Counts of what was received and not used; for diagnosis. */
export interface LinkStatistics {
  messages: number;
  /** Answers to earlier requests, or to nothing that was asked. */
  stray: number;
  damaged: number;
  textBytes: number;
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

/**
 * Between the newline and the frame. Zephyr's shell looks for a frame only where a received chunk begins: a frame
 * in one chunk with the newline would be taken for typing. Chunks are cut by a FIFO's or USB's idle time, 1 ms; the
 * pseudo-terminals of native_sim are read every 10 ms.
 */
const RESYNCHRONISE_PAUSE_MS = 20;

/** Sends one message at a time over a link and finds its answer among everything that is received. */
export class Exchange {
  readonly answerTimes = new AnswerTimes();
  readonly statistics: LinkStatistics = { messages: 0, stray: 0, damaged: 0, textBytes: 0 };
  readonly #link: Link;
  readonly #framing: Framing;
  readonly #decoder: FrameDecoder;
  readonly #stopListening: (() => void)[];
  #pending: PendingAnswer | undefined;
  #ended: SmpError | undefined;
  readonly #endSignal = new AbortController();
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
      damaged: (damage) => {
        this.#damaged(DAMAGE_CODES[damage]);
        if (damage === 'crc' || damage === 'length') this.#pending?.hurry();
      },
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

  /** Ends a line the receiver may be in the middle of. */
  async resynchronise(): Promise<void> {
    this.#throwIfEnded();
    const { resynchronise } = this.#framing;
    if (resynchronise.length === 0) return;
    try {
      await this.#link.write(resynchronise);
    } catch (error) {
      this.end(lost(this.#link.name, error));
    }
    await pause(RESYNCHRONISE_PAUSE_MS);
    this.#throwIfEnded();
  }

  /**
   * Writes text as a person would type it, for a shell on the same UART, and waits for what `listen` waits for; its
   * signal is aborted when the link ends.
   */
  async type<Result>(
    text: string,
    signal: AbortSignal | undefined,
    listen: (typed: () => Promise<void>, ended: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    this.#throwIfEnded();
    const ended =
      signal === undefined ? this.#endSignal.signal : AbortSignal.any([signal, this.#endSignal.signal]);
    const result = await listen(async () => await this.#link.write(Buffer.from(text)), ended);
    this.throwIfUnusable(signal);
    return result;
  }

  /** Throws what ended the link, or `SMP_CANCELLED`: before a message is made that would then have to be wiped. */
  throwIfUnusable(signal: AbortSignal | undefined): void {
    this.#throwIfEnded();
    if (signal?.aborted === true) throw cancelled(this.#link.name);
  }

  /**
   * Sends and waits for the answer. Rejects with an unanswered code that says what came instead, `LINK_LOST`,
   * `SMP_CANCELLED` or `SMP_CLOSED`.
   */
  async transmit(transmission: Transmission): Promise<Answer> {
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
    this.#pending?.fail(error);
    this.#endSignal.abort();
  }

  async #expect(transmission: Transmission): Promise<Answer> {
    const pending = new PendingAnswer(transmission.header, transmission, () => this.#giveUp(pending));
    const onAbort = (): void => pending.fail(cancelled(this.#link.name));
    transmission.signal?.addEventListener('abort', onAbort);
    this.#pending = pending;
    try {
      return await pending.promise;
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
      transmission.signal?.removeEventListener('abort', onAbort);
    }
  }

  #giveUp(pending: PendingAnswer): void {
    this.#decoder.unanswered();
    pending.fail(this.#unansweredError(pending));
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
    if (this.#pending?.isAnsweredBy(header) === true) {
      const answered = this.#pending;
      this.#pending = undefined; // at once: the same answer may follow in the same read
      answered.answer({ body: bytes.subarray(SMP_HEADER_BYTES) });
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

  #unansweredError(pending: PendingAnswer): SmpError {
    const noiseOnly = this.statistics.messages === 0 && this.statistics.textBytes > 0;
    const code = pending.lastDamage ?? (noiseOnly ? 'SMP_NOISE_ONLY' : 'SMP_TIMEOUT');
    return new SmpError(code, `${this.#link.name}: ${UNANSWERED_SENTENCES[code] as string}`);
  }

  #throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

function lost(name: string, cause: unknown): SmpError {
  const sentence = `${name}: the connection was lost: check the cable and the board’s power, then try again`;
  return new SmpError('LINK_LOST', sentence, { cause });
}

/** The error of a request ended by its caller's AbortSignal. */
export function cancelled(name: string): SmpError {
  return new SmpError('SMP_CANCELLED', `${name}: cancelled`);
}
