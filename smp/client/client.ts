import { AnswerTimes } from './answer-times.ts';
import { askUntilAnswered } from './ask-until-answered.ts';
import type { AskingTools, FirstContact, RequestOptions } from './ask-until-answered.ts';
import { CONSOLE_FRAMING } from '../framing/console-framing.ts';
import { isUnsupported } from '../device-error.ts';
import type { DeviceError } from '../device-error.ts';
import { Exchange } from './exchange.ts';
import type { LinkStatistics } from './exchange.ts';
import { FileContext } from './file-context.ts';
import type { Framing } from '../framing/framing.ts';
import type { Link } from '../links/link.ts';
import { MessageLimit } from './message-limit.ts';
import type { LimitMemory } from './message-limit.ts';
import { OS_PARAMETERS } from '../requests/os-requests.ts';
import type { BufferParameters } from '../requests/os-requests.ts';
import type { Reply } from '../wire/reply.ts';
import { RequestEncoder } from './request-encoder.ts';
import type { Seen } from '../text/sightings.ts';
import { Terminal } from '../text/terminal.ts';
import { SmpError } from '../smp-error.ts';
import type { SmpRequest } from '../wire/smp-request.ts';
import type { SmpVersion } from '../wire/smp-header.ts';
import { TextLines } from '../text/text-lines.ts';
import type { TraceOptions } from './tracer.ts';
import { Turn } from './turn.ts';

/** How to talk to a board; everything has a sensible default. */
export interface SmpClientOptions {
  /** How long an answer may take, in milliseconds; default: by the kind of request, and by the answers seen. */
  readonly answerLimitMs?: number;
  /** Default: console framing. */
  readonly framing?: Framing;
  /** Default 2, whose errors say more; firmware before Zephyr 3.4 answers it in the manner of 1. */
  readonly version?: SmpVersion;
  /** Receives what the board prints between frames, a line at a time. */
  readonly onText?: (line: string) => void;
  /**
   * The most this firmware is known to take in one message, in bytes. By default the client begins with what default
   * firmware always takes, and tries more where a transfer would gain from it.
   */
  readonly maxMessageBytes?: number;
  /** Keeps what was found out about message sizes for the next board with this firmware. */
  readonly limitMemory?: LimitMemory;
  /** Reports every message sent and received, without content unless asked. */
  readonly trace?: TraceOptions;
  /** Sequence number of the first request, 0 to 255; random when absent. */
  readonly firstSequence?: number;
}

/** A board that was reset by the opening of its port boots in 2 s, and loses what is sent meanwhile. */
const FIRST_CONTACT: FirstContact = { waitMs: 2_500, foreignRequests: 1 };
/** Generic errors UNSUPPORTED_TOO_OLD and _TOO_NEW. */
const TOO_OLD = 12;
const TOO_NEW = 13;
/** Boards may take 2 s to boot and 5 s for an answer; one that erases flash first, more. */
const CONNECT_BUDGET_MS = 10_000;

/** Talks SMP to one board over an open link: one request at a time, each with its own answer. */
export class SmpClient {
  readonly name: string;
  readonly files: FileContext;
  readonly limit: MessageLimit;
  readonly #link: Link;
  readonly #exchange: Exchange;
  readonly #framing: Framing;
  readonly #text: TextLines;
  #terminal: Terminal | undefined;
  readonly #turn: Turn;
  readonly #encoder: RequestEncoder;
  readonly #tools: AskingTools;

  constructor(link: Link, options: SmpClientOptions = {}) {
    this.name = link.name;
    this.#link = link;
    this.#framing = options.framing ?? CONSOLE_FRAMING;
    this.#turn = new Turn(link.name);
    this.files = new FileContext(link.name);
    // Random: the late answer to a request of another program, which used the port before, must not look like ours.
    const firstSequence = options.firstSequence ?? Math.floor(Math.random() * 256);
    this.#encoder = new RequestEncoder(options.version ?? 2, firstSequence);
    this.#text = new TextLines(options.onText ?? (() => undefined));
    this.limit = new MessageLimit(this.#framing, options.maxMessageBytes, options.limitMemory);
    this.#exchange = new Exchange(link, this.#framing, new AnswerTimes(options.answerLimitMs), (bytes) => {
      this.#text.add(bytes);
      this.#terminal?.add(bytes);
    });
    this.#tools = {
      name: link.name,
      exchange: this.#exchange,
      encoder: this.#encoder,
      limit: this.limit,
      trace: options.trace,
    };
  }

  /** What was received so far, for diagnosis. */
  get statistics(): Readonly<LinkStatistics> {
    return this.#exchange.statistics;
  }

  /** What the port has shown beside answers, the most telling first. */
  get seen(): readonly Seen[] {
    return this.#exchange.sightings.seen;
  }

  /**
   * Finds the SMP server: any answer, a refusal included, proves it. Learns the board's buffers if it reports them.
   * Sends two requests at most, unless the board is seen to start: one that is at work on something cannot take more.
   * Rejects after the budget (default 10 s) with `SMP_TIMEOUT`, `SMP_NOISE_ONLY` or what else came.
   */
  async connect(options: { signal?: AbortSignal; budgetMs?: number } = {}): Promise<void> {
    const deadlineMs = performance.now() + (options.budgetMs ?? CONNECT_BUDGET_MS);
    const probing = { signal: options.signal, deadlineMs };
    const probe = async (): Promise<Reply<BufferParameters>> =>
      await this.#turn.run(
        () => askUntilAnswered(this.#tools, OS_PARAMETERS, undefined, probing, FIRST_CONTACT),
        probing,
      );
    let reply = await probe();
    if (!reply.ok && this.#changeVersion(reply.device)) reply = await probe();
    if (!reply.ok) return;
    const { bufferBytes, bufferCount } = reply.value;
    this.limit.learnCeiling(bufferBytes - this.#framing.bufferOverhead);
    this.#exchange.sent.learnBuffers(bufferCount);
  }

  /** Sends any request and returns its value; a refusal is thrown as `SMP_DEVICE_ERROR` or `SMP_UNSUPPORTED`. */
  async request<Parameters, Value>(
    request: SmpRequest<Parameters, Value>,
    parameters: Parameters,
    options?: RequestOptions,
  ): Promise<Value> {
    const reply = await this.ask(request, parameters, options);
    if (reply.ok) return reply.value;
    throw this.refusal(request.name, reply.device);
  }

  /** Sends any request and returns the board's reply, a refusal included; throws only where there is none. */
  async ask<Parameters, Value>(
    request: SmpRequest<Parameters, Value>,
    parameters: Parameters,
    options: RequestOptions = {},
  ): Promise<Reply<Value>> {
    return await this.#turn.run(async () => {
      if (options.secret === true) this.#withhold(true);
      const reply = await askUntilAnswered(this.#tools, request, parameters, options);
      if (options.secret !== true) this.#withhold(false);
      return reply;
    }, options);
  }

  /**
   * Lets `work` type on a console that shares this UART, alone on the line. It also receives how long this board has
   * shown to take for an answer, in milliseconds.
   */
  async typing<Result>(
    work: (terminal: Terminal, patienceMs: number) => Promise<Result>,
    options: RequestOptions = {},
  ): Promise<Result> {
    return await this.#turn.run(async () => {
      const exchange = this.#exchange;
      const result = await exchange.typing(options.signal, async (write, ended) => {
        const terminal = new Terminal(write, ended);
        this.#terminal = terminal;
        return await work(terminal, exchange.answerTimes.usualMs).finally(() => (this.#terminal = undefined));
      });
      return result;
    }, options);
  }

  /** How long to repeat a request of this kind, in milliseconds. */
  giveUpMs(request: Pick<SmpRequest<never, never>, 'pace'>): number {
    return this.#exchange.answerTimes.giveUpMs(request.pace);
  }

  /** The error for a board's refusal of what is named. */
  refusal(what: string, device: DeviceError): SmpError {
    const code = isUnsupported(device) ? 'SMP_UNSUPPORTED' : 'SMP_DEVICE_ERROR';
    const where = device.group === undefined ? `rc ${device.rc}` : `group ${device.group} rc ${device.rc}`;
    const reason = device.reason === undefined ? '' : `, "${device.reason}"`;
    const sentence = `${this.name}: the board refused ${what}: ${device.meaning} (${device.name}, ${where}${reason})`;
    return new SmpError(code, sentence, { device });
  }

  /** Ends whatever is pending with `SMP_CLOSED` and closes the link; idempotent. */
  async close(): Promise<void> {
    this.#exchange.end(new SmpError('SMP_CLOSED', `${this.name}: this connection was closed`));
    await this.#link.close();
  }

  #withhold(isSecret: boolean): void {
    this.#text.withhold(isSecret);
    this.#exchange.sightings.setSecret(isSecret);
  }

  /** The board speaks the other protocol version; false when it does not. */
  #changeVersion(device: DeviceError): boolean {
    const { version } = this.#encoder;
    if (device.group !== undefined || device.rc !== (version === 2 ? TOO_NEW : TOO_OLD)) return false;
    this.#encoder.version = version === 2 ? 1 : 2;
    return true;
  }
}
