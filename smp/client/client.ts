import { SHORTEST_ATTEMPT_MS } from './answer-times.ts';
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
import { OS_ECHO, OS_INFO, OS_PARAMETERS, OS_RESET } from '../requests/os-requests.ts';
import type { BufferParameters } from '../requests/os-requests.ts';
import { decodeReply } from '../wire/reply.ts';
import type { Reply } from '../wire/reply.ts';
import { SHELL_EXEC, SHELL_EXEC_REPEATABLE } from '../requests/shell-requests.ts';
import type { ShellResult } from '../requests/shell-requests.ts';
import { encodeCborBehindHeader } from '../wire/smp-cbor.ts';
import { isUnanswered, SmpError } from '../smp-error.ts';
import { encodeSmpHeader, SMP_HEADER_BYTES, SMP_OP } from '../wire/smp-header.ts';
import type { SmpHeader, SmpVersion } from '../wire/smp-header.ts';
import type { SmpRequest } from '../wire/smp-request.ts';
import { TextLines } from '../shell/text-lines.ts';
import { ShellTerminal } from '../shell/shell-terminal.ts';
import type { TraceEvent, TraceOptions } from './trace.ts';
import { Turn } from './turn.ts';

/** How to talk to a board; everything has a sensible default. */
export interface SmpClientOptions {
  /** Default: console framing. */
  framing?: Framing;
  /** Default 2, whose errors say more; firmware before Zephyr 3.4 answers it in the manner of 1. */
  version?: SmpVersion;
  /** Receives what the board prints between frames, a line at a time. */
  onText?: (line: string) => void;
  /**
   * The most this firmware is known to take in one message, in bytes. By default the client begins with what default
   * firmware always takes, and tries more where a transfer would gain from it.
   */
  maxMessageBytes?: number;
  /** Keeps what was found out about message sizes for the next board with this firmware. */
  limitMemory?: LimitMemory;
  /** Tells every message sent and received, without content unless asked. */
  trace?: TraceOptions;
  /** Sequence number of the first request, 0 to 255; random when absent. */
  firstSequence?: number;
}

/** For one request. */
export interface RequestOptions {
  signal?: AbortSignal | undefined;
  /** On the clock of `performance.now()`: no waiting beyond it. */
  deadlineMs?: number | undefined;
  /** How often to send it at most, when nobody answers; default: until the kind's own limit of time. */
  attempts?: number;
  /**
   * A key passes: the buffers that hold it on the way are wiped (never the caller's), and text received meanwhile is
   * not passed on, since it may hold parts of a broken frame.
   */
  secret?: boolean | undefined;
}

/** Every answer but downloads and echoes is this small, in bytes. */
const SHORT_REPLY_BYTES = 64;
/** A board that boots loses what is sent; one that is busy keeps it, and has buffers for few. */
const PROBE_WAIT_MS = 500;
const QUICK_PROBES = 3;
const SLOW_PROBE_WAIT_MS = 1_000;
/** A shell prints its prompt within its own thread's turn; a command may erase flash. */
const PROMPT_WAIT_MS = 500;
const COMMAND_WAIT_MS = 12_000;
/** Generic errors UNSUPPORTED_TOO_OLD and _TOO_NEW. */
const TOO_OLD = 12;
const TOO_NEW = 13;
/** A board that was reset by the opening of its port needs up to 2 s to boot; one that erases flash first, more. */
const CONNECT_BUDGET_MS = 10_000;

/** Talks SMP to one board over an open link: one request at a time, each with its own answer. */
export class SmpClient {
  readonly name: string;
  readonly files = new FileContext();
  readonly limit: MessageLimit;
  readonly #link: Link;
  readonly #exchange: Exchange;
  readonly #framing: Framing;
  readonly #text: TextLines;
  readonly #terminal = new ShellTerminal();
  readonly #trace: TraceOptions | undefined;
  readonly #turn = new Turn();
  #version: SmpVersion;
  #sequence: number;

  constructor(link: Link, options: SmpClientOptions = {}) {
    this.name = link.name;
    this.#link = link;
    this.#framing = options.framing ?? CONSOLE_FRAMING;
    this.#version = options.version ?? 2;
    this.#trace = options.trace;
    // Random: the late answer to a request of whoever used the port before must not look like ours.
    this.#sequence = options.firstSequence ?? Math.floor(Math.random() * 256);
    this.#text = new TextLines(options.onText ?? (() => undefined));
    this.limit = new MessageLimit(this.#framing, options.maxMessageBytes, options.limitMemory);
    this.#exchange = new Exchange(link, this.#framing, (bytes) => {
      this.#text.add(bytes);
      this.#terminal.add(bytes);
    });
  }

  /** What was received so far, for diagnosis. */
  get statistics(): Readonly<LinkStatistics> {
    return this.#exchange.statistics;
  }

  /**
   * Finds the SMP server: any answer, a refusal included, proves it. Learns the size of the board's buffers where it
   * tells them. Rejects after the budget (default 10 s) with `SMP_TIMEOUT`, `SMP_NOISE_ONLY` or what else came.
   */
  async connect(options: { signal?: AbortSignal; budgetMs?: number } = {}): Promise<void> {
    const deadlineMs = performance.now() + (options.budgetMs ?? CONNECT_BUDGET_MS);
    for (;;) {
      try {
        const reply = await this.#probe({ signal: options.signal, deadlineMs });
        if (reply.ok) this.limit.learnCeiling(reply.value.bufferBytes - this.#framing.bufferOverhead);
        else if (this.#changeVersion(reply.device)) continue;
        return;
      } catch (error) {
        if (!isUnanswered(error) || performance.now() + SHORTEST_ATTEMPT_MS >= deadlineMs) throw error;
      }
    }
  }

  /** Sends text and returns what came back, the same text if all is well. */
  async echo(words: string, options?: RequestOptions): Promise<string> {
    return await this.request(OS_ECHO, { text: words }, options);
  }

  /** The board's receive buffers; `SMP_UNSUPPORTED` where the firmware does not tell them. */
  async parameters(options?: RequestOptions): Promise<BufferParameters> {
    return await this.request(OS_PARAMETERS, undefined, options);
  }

  /** System information by letters (`s` kernel, `v` version, `i` board, …; default `a`, all). */
  async info(format = 'a', options?: RequestOptions): Promise<string> {
    return await this.request(OS_INFO, { format }, options);
  }

  /** Restarts the board; it answers first and goes down 250 ms later. */
  async reset(options?: RequestOptions): Promise<void> {
    await this.request(OS_RESET, { force: false }, options);
  }

  /**
   * Runs a shell command on the board. Words must not hold blanks: the board joins them and knows no quoting.
   * `repeatable`: it may run twice without harm, and is sent again when nobody answers.
   */
  async exec(
    argv: readonly string[],
    options: RequestOptions & { repeatable?: boolean } = {},
  ): Promise<ShellResult> {
    const request = options.repeatable === true ? SHELL_EXEC_REPEATABLE : SHELL_EXEC;
    return await this.request(request, { argv }, options);
  }

  /**
   * Types a command into the shell that shares this UART and returns what it printed, for firmware without the shell
   * group. Rejects with `SMP_UNSUPPORTED` when there is no prompt, `SMP_TIMEOUT` when none comes back.
   */
  async typeCommand(command: string, options: RequestOptions = {}): Promise<string> {
    return await this.#turn.run(async () => {
      const greeting = await this.#type('', PROMPT_WAIT_MS, options.signal);
      if (greeting === undefined) {
        throw new SmpError('SMP_UNSUPPORTED', `${this.name}: there is no shell prompt on this port`);
      }
      const output = await this.#type(command, COMMAND_WAIT_MS, options.signal);
      if (output !== undefined) return output.slice(output.indexOf('\n') + 1); // the first line is what was typed
      throw new SmpError('SMP_TIMEOUT', `${this.name}: the shell does not come back from “${command}”`);
    });
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
      if (options.secret === true) this.#text.withhold(true);
      const reply = await this.#askUntilAnswered(request, parameters, options);
      if (options.secret !== true) this.#text.withhold(false);
      return reply;
    });
  }

  /** Estimate for a small request and its answer, with that many message bytes in both together, in milliseconds. */
  roundTripMs(messageBytes: number): number {
    return this.#exchange.answerTimes.usualMs('quick') + this.#exchange.wireMs(messageBytes, 0);
  }

  /** How long to go on repeating a request of this kind, in milliseconds. */
  giveUpMs(request: Pick<SmpRequest<never, never>, 'pace'>): number {
    return this.#exchange.answerTimes.giveUpMs(request.pace);
  }

  /** The error for a board's refusal of what is named. */
  refusal(what: string, device: DeviceError): SmpError {
    const code = isUnsupported(device) ? 'SMP_UNSUPPORTED' : 'SMP_DEVICE_ERROR';
    const where = device.group === undefined ? `rc ${device.rc}` : `group ${device.group} rc ${device.rc}`;
    const reason = device.reason === undefined ? '' : `, “${device.reason}”`;
    const sentence = `${this.name}: the board refused ${what}: ${device.meaning} (${device.name}, ${where}${reason})`;
    return new SmpError(code, sentence, { device });
  }

  /** Ends whatever is pending with `SMP_CLOSED` and closes the link; idempotent. */
  async close(): Promise<void> {
    this.#exchange.end(new SmpError('SMP_CLOSED', `${this.name}: this connection was closed`));
    await this.#link.close();
  }

  async #probe(options: RequestOptions): Promise<Reply<BufferParameters>> {
    return await this.#turn.run(async () => {
      if (this.#exchange.unansweredCount === 0) await this.#exchange.resynchronise();
      const probeMs = this.#exchange.unansweredCount < QUICK_PROBES ? PROBE_WAIT_MS : SLOW_PROBE_WAIT_MS;
      const waitMs = probeMs + this.#wireMs(OS_PARAMETERS, 0);
      return await this.#transmit(OS_PARAMETERS, undefined, waitMs, options);
    });
  }

  async #type(command: string, waitMs: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    return await this.#exchange.type(`${command}\n`, signal, async (typed, ended) => {
      return await this.#terminal.untilPrompt(typed, waitMs, ended);
    });
  }

  /** The board wants the other protocol version; false when it does not, or both were tried. */
  #changeVersion(device: DeviceError): boolean {
    if (device.group !== undefined || device.rc !== (this.#version === 2 ? TOO_NEW : TOO_OLD)) return false;
    this.#version = this.#version === 2 ? 1 : 2;
    return true;
  }

  async #askUntilAnswered<Parameters, Value>(
    request: SmpRequest<Parameters, Value>,
    parameters: Parameters,
    options: RequestOptions,
  ): Promise<Reply<Value>> {
    const giveUpAt = performance.now() + this.giveUpMs(request);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transmit(request, parameters, this.#waitMs(request, giveUpAt), options);
      } catch (error) {
        const endsAt = Math.min(giveUpAt, options.deadlineMs ?? Infinity);
        const late = performance.now() + SHORTEST_ATTEMPT_MS >= endsAt;
        const exhausted = late || attempt === options.attempts;
        if (request.repeat !== 'freely' || exhausted || !isUnanswered(error)) throw error;
      }
    }
  }

  #waitMs(request: SmpRequest<never, unknown>, giveUpAt: number): number {
    const leftMs = Math.max(1, giveUpAt - performance.now());
    if (request.repeat === 'never') return leftMs;
    const usualMs = this.#exchange.answerTimes.waitMs(request.pace, this.#exchange.unansweredCount);
    return Math.min(leftMs, usualMs + this.#wireMs(request, this.limit.currentBytes));
  }

  #wireMs(request: Pick<SmpRequest<never, unknown>, 'longReply'>, sentBytes: number): number {
    const replyBytes =
      request.longReply === true ? Math.max(this.limit.ceilingBytes, 384) : SHORT_REPLY_BYTES;
    return this.#exchange.wireMs(sentBytes, replyBytes);
  }

  async #transmit<Parameters, Value>(
    request: SmpRequest<Parameters, Value>,
    parameters: Parameters,
    waitMs: number,
    options: RequestOptions,
  ): Promise<Reply<Value>> {
    // The frame that got no answer may have lost its end: the next one must not be glued to it.
    if (this.#exchange.unansweredCount > 0) await this.#exchange.resynchronise();
    this.#exchange.throwIfUnusable(options.signal);
    const leftMs = (options.deadlineMs ?? Infinity) - performance.now();
    if (leftMs <= 0) throw this.#outOfTime(request.name);
    const { header, message } = this.#encode(request, parameters);
    const sentAt = performance.now();
    this.#traceMessage('sent', request, header, message.subarray(SMP_HEADER_BYTES), sentAt, options);
    const { body } = await this.#exchange.transmit({
      message,
      header,
      pace: request.pace,
      waitMs: Math.min(waitMs, leftMs),
      hurryWhenDamaged: request.repeat !== 'never',
      signal: options.signal,
    });
    this.#traceMessage('received', request, header, body, sentAt, options);
    try {
      const reply = decodeReply(request, body);
      if (reply === undefined) throw this.#malformed(request.name);
      return reply;
    } finally {
      body.fill(0);
    }
  }

  #encode<Parameters>(request: SmpRequest<Parameters, unknown>, parameters: Parameters): EncodedRequest {
    const message = encodeCborBehindHeader(request.encode(parameters), SMP_HEADER_BYTES);
    if (message.length > Math.max(this.limit.ceilingBytes, this.limit.safeBytes)) {
      message.fill(0);
      const sentence = `${this.name}: ${request.name}: ${message.length} bytes do not fit the board’s buffer of ${this.limit.ceilingBytes}`;
      throw new SmpError('SMP_TOO_LARGE', sentence);
    }
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) & 0xff;
    const header: SmpHeader = {
      op: SMP_OP[request.op],
      version: this.#version,
      length: message.length - SMP_HEADER_BYTES,
      group: request.group,
      sequence,
      id: request.id,
    };
    encodeSmpHeader(header, message);
    return { header, message };
  }

  #traceMessage(
    direction: TraceEvent['direction'],
    request: SmpRequest<never, unknown>,
    header: SmpHeader,
    body: Uint8Array,
    sentAt: number,
    options: RequestOptions,
  ): void {
    if (this.#trace === undefined) return;
    const shown = this.#trace.withContent === true && options.secret !== true;
    this.#trace.onEvent({
      direction,
      request: request.name,
      group: header.group,
      id: header.id,
      sequence: header.sequence,
      messageBytes: SMP_HEADER_BYTES + body.length,
      elapsedMs: performance.now() - sentAt,
      content: shown ? Buffer.from(body).toString('hex') : undefined,
    });
  }

  #outOfTime(what: string): SmpError {
    return new SmpError('SMP_TIMEOUT', `${this.name}: the time given is used up before ${what}`);
  }

  #malformed(what: string): SmpError {
    const sentence = `${this.name}: the answer to ${what} is not what the protocol says: does this firmware speak MCUmgr?`;
    return new SmpError('SMP_MALFORMED_REPLY', sentence);
  }
}

interface EncodedRequest {
  header: SmpHeader;
  message: Uint8Array;
}
