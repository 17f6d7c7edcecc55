import type { AnswerTimes } from './answer-times.ts';
import type { AnswerPace } from '../wire/smp-request.ts';
import type { FrameDamage, FrameDecoder, Framing } from '../framing/framing.ts';
import type { Link } from '../links/link.ts';
import { PendingAnswer } from './pending-answer.ts';
import type { Answer, ExpectedAnswer } from './pending-answer.ts';
import { SentRequests } from './sent-requests.ts';
import { SmpError } from '../smp-error.ts';
import type { SmpErrorCode } from '../smp-error.ts';
import { BootBanner } from '../text/boot-banner.ts';
import { cancelled } from './turn.ts';
import { Turnaround } from './turnaround.ts';
import { Sightings } from '../text/sightings.ts';
import { unansweredSentence } from './unanswered-sentence.ts';
import { decodeSmpHeader, SMP_HEADER_BYTES, SMP_OP } from '../wire/smp-header.ts';
import type { SmpHeader } from '../wire/smp-header.ts';
import type { EncodedRequest } from './request-encoder.ts';

/** Counts of what was received and not used; for diagnosis. */
export interface LinkStatistics {
  messages: number;
  /** Answers to earlier requests, or to nothing that was asked. */
  stray: number;
  damaged: number;
  textBytes: number;
  /** Banners of a board that starts. */
  starts: number;
}

const DAMAGE_CODES: Readonly<Record<FrameDamage, SmpErrorCode>> = {
  crc: 'SMP_CRC',
  characters: 'SMP_CRC',
  length: 'SMP_SHORT_FRAME',
  incomplete: 'SMP_SHORT_FRAME',
  orphan: 'SMP_SHORT_FRAME',
};

/**
 * Between the newline and the frame. Zephyr's shell looks for a frame only where a received chunk begins: a frame
 * in one chunk with the newline would be taken for typing. Chunks are cut by a FIFO's or USB's idle time, 1 ms; the
 * pseudo-terminals of native_sim are read every 10 ms.
 */
const RESYNCHRONISE_PAUSE_MS = 20;
/** From the banner of a board that starts to its SMP server: what follows the kernel is the application's own start. */
const AFTER_BANNER_MS = 250;

/** Sends requests over a link and finds their answers among everything that is received; one request at a time. */
export class Exchange {
  readonly answerTimes: AnswerTimes;
  readonly statistics: LinkStatistics = { messages: 0, stray: 0, damaged: 0, textBytes: 0, starts: 0 };
  readonly sent = new SentRequests();
  readonly turnaround = new Turnaround();
  readonly sightings = new Sightings();
  readonly #link: Link;
  readonly #framing: Framing;
  readonly #decoder: FrameDecoder;
  readonly #stopListening: readonly (() => void)[];
  readonly #bootBanner = new BootBanner();
  #pending: PendingAnswer | undefined;
  #ended: SmpError | undefined;
  readonly #endSignal = new AbortController();
  /** Writes that the operating system has not taken yet. */
  #unwritten = 0;

  constructor(link: Link, framing: Framing, answerTimes: AnswerTimes, onText: (bytes: Uint8Array) => void) {
    this.#link = link;
    this.#framing = framing;
    this.answerTimes = answerTimes;
    this.#decoder = framing.createDecoder({
      message: (bytes, wireBytes) => this.#message(bytes, wireBytes),
      text: (bytes) => {
        this.#text(bytes);
        onText(bytes);
      },
      damaged: (damage) => this.#damagedFrame(damage),
    });
    this.#stopListening = [
      link.onBytes((bytes) => this.#decoder.feed(bytes)),
      link.onClosed((cause) => this.end(lost(link.name, cause))),
    ];
  }

  /** Whether the operating system does not take what is to be sent. */
  get isBlocked(): boolean {
    return this.#unwritten > 0;
  }

  /** Milliseconds that a message out and one in need on this wire, by their bytes. */
  wireMs(sentMessageBytes: number, receivedMessageBytes: number): number {
    const bytes = this.#framing.wireLength(sentMessageBytes) + this.#framing.wireLength(receivedMessageBytes);
    return this.#millisecondsOnWire(bytes);
  }

  /**
   * Runs `ask` with the place that its answer will arrive in. Rejects at once when the link has ended or `signal` is
   * aborted.
   */
  async expecting<Result>(
    expected: ExpectedAnswer,
    hurries: boolean,
    signal: AbortSignal | undefined,
    ask: (pending: PendingAnswer) => Promise<Result>,
  ): Promise<Result> {
    this.throwIfUnusable(signal);
    const pending = new PendingAnswer(expected, hurries);
    const onAbort = (): void => pending.fail(cancelled(this.#link.name));
    signal?.addEventListener('abort', onAbort);
    this.#pending = pending;
    try {
      return await ask(pending);
    } finally {
      if (this.#pending === pending) this.#pending = undefined;
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends a line the receiver may be in the middle of; an answer may come meanwhile. */
  async resynchronise(pending: PendingAnswer): Promise<Answer | undefined> {
    const { resynchronise } = this.#framing;
    if (resynchronise.length === 0 || this.isBlocked) return await pending.within(0);
    this.#write(Uint8Array.from(resynchronise));
    return await pending.within(RESYNCHRONISE_PAUSE_MS);
  }

  /** Sends the message, and wipes it. */
  send({ header, message }: EncodedRequest, pace: AnswerPace, isLong: boolean, pending: PendingAnswer): void {
    const frame = this.#framing.encode(message);
    message.fill(0);
    if (pending.isSent) this.#decoder.unanswered();
    pending.expect(header.sequence);
    const { sequence } = header;
    this.sent.add({ sequence, pace, atMs: performance.now(), frameBytes: frame.length, isLong });
    this.#write(frame);
  }

  /** No answer came in time: what was received instead says why. */
  unanswered(pending: PendingAnswer): SmpError {
    const noiseOnly = this.statistics.messages === 0 && this.statistics.textBytes > 0;
    const code = pending.lastDamage ?? (noiseOnly ? 'SMP_NOISE_ONLY' : 'SMP_TIMEOUT');
    const { seen } = this.sightings;
    const sentence = unansweredSentence(code, this.sightings, this.statistics, this.sent.count);
    return new SmpError(code, `${this.#link.name}: ${sentence}`, { seen });
  }

  /**
   * The operating system did not take what was to be sent, for as long as there was time: ends the link permanently.
   */
  endBlocked(): SmpError {
    const sentence = `${this.#link.name}: the port takes nothing: does the board hold the line by flow control, or is the adapter stuck? Unplug it and plug it in again`;
    const error = new SmpError('LINK_LOST', sentence);
    this.end(error);
    // Frees the port for others; it may take as long as the operating system likes.
    this.#link.close().catch(() => undefined);
    return error;
  }

  /** Lets `work` write text as a person would type it; its signal is aborted when the link ends or the caller's is. */
  async typing<Result>(
    signal: AbortSignal | undefined,
    work: (write: (text: string) => void, ended: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    this.throwIfUnusable(signal);
    const ended =
      signal === undefined ? this.#endSignal.signal : AbortSignal.any([signal, this.#endSignal.signal]);
    try {
      return await work((text) => this.#write(Buffer.from(text)), ended);
    } finally {
      this.throwIfUnusable(signal);
    }
  }

  /** Throws what ended the link, or `SMP_CANCELLED`: before a message is made that would then have to be wiped. */
  throwIfUnusable(signal: AbortSignal | undefined): void {
    if (this.#ended !== undefined) throw this.#ended;
    if (signal?.aborted === true) throw cancelled(this.#link.name);
  }

  /** Ends everything with this error: what is pending now and whatever is asked later. */
  end(error: SmpError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const stop of this.#stopListening) stop();
    this.#decoder.reset();
    this.sightings.wipe();
    this.#pending?.fail(error);
    this.#endSignal.abort();
  }

  #write(bytes: Uint8Array): void {
    this.#unwritten++;
    this.#link
      .write(bytes)
      .catch((error: unknown) => this.end(lost(this.#link.name, error)))
      .finally(() => {
        this.#unwritten--;
        bytes.fill(0);
      });
  }

  /** A board that starts has forgotten what it was asked. */
  #text(bytes: Uint8Array): void {
    this.statistics.textBytes += bytes.length;
    this.sightings.add(bytes);
    if (!this.#bootBanner.isIn(bytes)) return;
    this.statistics.starts++;
    this.sent.forget();
    this.#pending?.hurry(AFTER_BANNER_MS);
  }

  #message(bytes: Uint8Array, wireBytes: number): void {
    const header = decodeSmpHeader(bytes);
    if (header === undefined || header.length !== bytes.length - SMP_HEADER_BYTES) {
      bytes.fill(0);
      this.#damaged('SMP_SHORT_FRAME');
      return;
    }
    if (isRequest(header)) {
      this.sightings.addEcho();
    } else {
      this.statistics.messages++;
      this.#learn(header.sequence, wireBytes);
    }
    const pending = this.#pending;
    if (pending?.isAnsweredBy(header) === true) {
      this.#pending = undefined; // at once: the same answer may follow in the same read
      pending.answer({ body: bytes.subarray(SMP_HEADER_BYTES) });
      return;
    }
    bytes.fill(0);
    this.statistics.stray++;
    if (pending?.isSentAs(header.sequence) === true) pending.lastDamage = 'SMP_WRONG_COMMAND';
  }

  #learn(sequence: number, wireBytes: number): void {
    const isFirst = this.sent.isOldest(sequence);
    const sent = this.sent.answered(sequence);
    if (sent !== undefined) this.turnaround.answered(!isFirst);
    if (sent === undefined || sent.isLong) return;
    const elapsedMs = performance.now() - sent.atMs;
    const wireMs = this.#millisecondsOnWire(sent.frameBytes + wireBytes);
    this.answerTimes.learn(sent.pace, Math.max(0, elapsedMs - wireMs));
  }

  #damagedFrame(damage: FrameDamage): void {
    this.#damaged(DAMAGE_CODES[damage]);
    if (damage !== 'crc' && damage !== 'length') return;
    this.sent.oldestAnswered();
    this.#pending?.hurry();
  }

  #damaged(code: SmpErrorCode): void {
    this.statistics.damaged++;
    if (this.#pending !== undefined) this.#pending.lastDamage = code;
  }

  #millisecondsOnWire(bytes: number): number {
    return this.#link.bitsPerSecond === undefined ? 0 : (bytes * 10_000) / this.#link.bitsPerSecond;
  }
}

function isRequest({ op }: SmpHeader): boolean {
  return op === SMP_OP.read || op === SMP_OP.write;
}

function lost(name: string, cause: unknown): SmpError {
  const sentence = `${name}: the connection was lost: check the cable and the board's power, then try again`;
  return new SmpError('LINK_LOST', sentence, { cause });
}
