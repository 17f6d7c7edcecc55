import { SHORTEST_ATTEMPT_MS } from './answer-times.ts';
import type { Exchange } from './exchange.ts';
import type { MessageLimit } from './message-limit.ts';
import type { Answer, PendingAnswer } from './pending-answer.ts';
import type { EncodedRequest, RequestEncoder } from './request-encoder.ts';
import { Tracer } from './tracer.ts';
import type { TraceOptions } from './tracer.ts';
import { SmpError } from '../smp-error.ts';
import { decodeReply } from '../wire/reply.ts';
import type { Reply } from '../wire/reply.ts';
import { SMP_HEADER_BYTES, SMP_OP } from '../wire/smp-header.ts';
import type { SmpRequest } from '../wire/smp-request.ts';

/** For one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** On the clock of `performance.now()`: no waiting beyond it. */
  readonly deadlineMs?: number | undefined;
  /** How often to send it at most, when nobody answers; default: until the kind's own limit of time. */
  readonly attempts?: number;
  /**
   * A key passes: the buffers that hold it on the way are wiped (never the caller's), and text received meanwhile is
   * not passed on, since it may hold parts of a broken frame.
   */
  readonly secret?: boolean | undefined;
}

/** How to ask a board that was never heard. */
export interface FirstContact {
  /** Milliseconds between the first sending and the second. */
  readonly waitMs: number;
  /** Requests of another program that the board may still be at work on. */
  readonly foreignRequests: number;
}

/** What requests are sent with: one set a client. */
export interface AskingTools {
  readonly name: string;
  readonly exchange: Exchange;
  readonly encoder: RequestEncoder;
  readonly limit: MessageLimit;
  readonly trace: TraceOptions | undefined;
}

/** Every answer but downloads and echoes is this small, in bytes. */
const SHORT_REPLY_BYTES = 64;
const LONG_REPLY_BYTES = 384;
/** How often to look whether a full board has answered something, or a full port has taken what waits. */
const LOOK_AGAIN_MS = 50;

/**
 * Sends one request until it is answered, as far as its rule of repeating allows. An answer to an earlier sending is as
 * good as one to the last. Rejects with an unanswered code that says what came instead, `LINK_LOST`, `SMP_CANCELLED`,
 * `SMP_CLOSED`, `SMP_TOO_LARGE` or `SMP_MALFORMED_REPLY`.
 */
export async function askUntilAnswered<Parameters, Value>(
  tools: AskingTools,
  request: SmpRequest<Parameters, Value>,
  parameters: Parameters,
  options: RequestOptions,
  contact?: FirstContact,
): Promise<Reply<Value>> {
  const expected = { op: SMP_OP[request.op], group: request.group, id: request.id };
  const hurries = request.repeat !== 'never';
  return await tools.exchange.expecting(expected, hurries, options.signal, async (pending) => {
    const asking = new Asking(tools, request, parameters, options, pending, contact);
    return asking.reply(await asking.answer());
  });
}

class Asking<Parameters, Value> {
  readonly #tools: AskingTools;
  readonly #request: SmpRequest<Parameters, Value>;
  readonly #parameters: Parameters;
  readonly #options: RequestOptions;
  readonly #pending: PendingAnswer;
  readonly #contact: FirstContact | undefined;
  readonly #tracer: Tracer | undefined;
  readonly #giveUpAt: number;
  #last: EncodedRequest['header'] | undefined;

  constructor(
    tools: AskingTools,
    request: SmpRequest<Parameters, Value>,
    parameters: Parameters,
    options: RequestOptions,
    pending: PendingAnswer,
    contact: FirstContact | undefined,
  ) {
    this.#tools = tools;
    this.#request = request;
    this.#parameters = parameters;
    this.#options = options;
    this.#pending = pending;
    this.#contact = contact;
    this.#tracer =
      tools.trace === undefined ? undefined : new Tracer(tools.trace, request.name, options.secret === true);
    const { answerTimes, sent } = tools.exchange;
    // Behind a request that may run for long, this one has to wait for the end of that.
    const startsAt = Math.max(
      performance.now(),
      ...sent.longSince.map((atMs) => atMs + answerTimes.giveUpMs('shell')),
    );
    const ownMs = contact === undefined ? answerTimes.giveUpMs(request.pace) : Infinity;
    this.#giveUpAt = Math.min(startsAt + ownMs, options.deadlineMs ?? Infinity);
  }

  async answer(): Promise<Answer> {
    if (this.#leftMs <= 0) throw this.#outOfTime();
    const { exchange } = this.#tools;
    for (let sentBefore = 0; ; sentBefore++) {
      const early = this.#maySendAtOnce(sentBefore)
        ? undefined
        : ((await this.#untilRoom()) ?? (await this.#startLine(sentBefore)));
      if (early !== undefined) return early;
      const unanswered = exchange.sent.count;
      const messageBytes = this.#send();
      const answer =
        (await this.#pending.within(this.#waitMs(unanswered, messageBytes))) ?? (await this.#untilWritten());
      if (answer !== undefined) return answer;
      const attempts = this.#request.repeat === 'freely' ? (this.#options.attempts ?? Infinity) : 1;
      const isLast = sentBefore + 1 >= attempts || this.#leftMs <= SHORTEST_ATTEMPT_MS;
      if (isLast) throw exchange.unanswered(this.#pending);
    }
  }

  reply({ body }: Answer): Reply<Value> {
    if (this.#last !== undefined) this.#tracer?.report('received', this.#last, body);
    try {
      const reply = decodeReply(this.#request, body);
      if (reply === undefined) throw this.#malformed();
      return reply;
    } finally {
      body.fill(0);
    }
  }

  get #leftMs(): number {
    return this.#giveUpAt - performance.now();
  }

  /** The usual case, in the same turn of the event loop: nothing is unanswered, and the line needs no pause. */
  #maySendAtOnce(sentBefore: number): boolean {
    const { sent, turnaround } = this.#tools.exchange;
    const isFirstOfAll = this.#contact !== undefined;
    return sentBefore === 0 && !isFirstOfAll && sent.count === 0 && turnaround.restMs === 0;
  }

  /** While the board holds as much as it can, and while it is at work on something long, nothing is added to that. */
  async #untilRoom(): Promise<Answer | undefined> {
    while (!this.#mayAdd()) {
      if (this.#leftMs <= 0) throw this.#tools.exchange.unanswered(this.#pending);
      const answer = await this.#pending.within(Math.min(LOOK_AGAIN_MS, this.#leftMs));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #mayAdd(): boolean {
    const { sent } = this.#tools.exchange;
    const isRepeat = this.#last !== undefined;
    if (isRepeat && sent.longSince.length > 0) return false;
    return sent.hasRoom(this.#contact?.foreignRequests ?? 0);
  }

  /** The frame that got no answer may have lost its end: the next one must not be glued to it. */
  async #startLine(sentBefore: number): Promise<Answer | undefined> {
    const { exchange } = this.#tools;
    const isFirstContact = this.#contact !== undefined && sentBefore === 0;
    const { restMs } = exchange.turnaround;
    const late = restMs > 0 ? await this.#pending.within(restMs) : undefined;
    if (late !== undefined) return late;
    if (exchange.sent.count === 0 && !isFirstContact && sentBefore === 0) return undefined;
    return await exchange.resynchronise(this.#pending);
  }

  /** Bytes of the message. */
  #send(): number {
    const { name, encoder, exchange, limit } = this.#tools;
    const { name: what, pace, repeat } = this.#request;
    const encoded = encoder.encode(this.#request, this.#parameters);
    const { header, message } = encoded;
    if (message.length > Math.max(limit.ceilingBytes, limit.safeBytes)) {
      message.fill(0);
      const sentence = `${name}: ${what}: ${message.length} bytes do not fit the board's buffer of ${limit.ceilingBytes}`;
      throw new SmpError('SMP_TOO_LARGE', sentence);
    }
    this.#last = header;
    this.#tracer?.report('sent', header, message.subarray(SMP_HEADER_BYTES));
    exchange.send(encoded, pace, repeat === 'never' && pace === 'shell', this.#pending);
    return message.length;
  }

  /** By how much is unanswered already: what the caller repeats by itself has to slow down, too. */
  #waitMs(unanswered: number, messageBytes: number): number {
    const { answerTimes } = this.#tools.exchange;
    const { pace, repeat } = this.#request;
    if (repeat === 'never') return this.#leftMs;
    const usualMs =
      unanswered === 0 && this.#contact ? this.#contact.waitMs : answerTimes.waitMs(pace, unanswered);
    return Math.min(this.#leftMs, usualMs + this.#wireMs(messageBytes));
  }

  #wireMs(messageBytes: number): number {
    const { exchange, limit } = this.#tools;
    const isLong = this.#request.longReply === true;
    const replyBytes = isLong ? Math.max(limit.ceilingBytes, LONG_REPLY_BYTES) : SHORT_REPLY_BYTES;
    return exchange.wireMs(messageBytes, replyBytes);
  }

  /** What the port has not taken has not reached the board: repeating it would only queue up behind. */
  async #untilWritten(): Promise<Answer | undefined> {
    while (this.#tools.exchange.isBlocked) {
      if (this.#leftMs <= SHORTEST_ATTEMPT_MS) throw this.#tools.exchange.endBlocked();
      const answer = await this.#pending.within(Math.min(LOOK_AGAIN_MS, this.#leftMs));
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #outOfTime(): SmpError {
    const sentence = `${this.#tools.name}: the time ended before ${this.#request.name}`;
    return new SmpError('SMP_TIMEOUT', sentence);
  }

  #malformed(): SmpError {
    const sentence = `${this.#tools.name}: the answer to ${this.#request.name} is not what the protocol says: does this firmware speak MCUmgr?`;
    return new SmpError('SMP_MALFORMED_REPLY', sentence);
  }
}
