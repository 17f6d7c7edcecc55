// The wire and the work queues between a port and a board: baud rate, line buffers, packet pool, one request at a time.

import { distortAnswer } from './answer-faults.ts';
import type { BoardSpeed } from './board-speed.ts';
import { LineReceiver } from '../smp/line-receiver.ts';
import type { DropReason } from '../smp/line-receiver.ts';
import { ShellConsole } from '../shell/shell-console.ts';
import { ShellInput } from '../shell/shell-input.ts';
import { renderLines } from '../smp/smp-lines.ts';
import { Timeline } from './timeline.ts';
import type { VirtualBoard } from './virtual-board.ts';

/** 8N1: start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;
const NEWLINE = 0x0a;

const FAULT_DUMP =
  'E: ***** BUS FAULT *****\r\nE:   Precise data bus error\r\nE:   BFAR Address: 0x1c\r\n' +
  'E: r0/a1:  0x00000000  r1/a2:  0x20001f30  r2/a3:  0x00000008\r\n' +
  'E: Faulting instruction address (r15/pc): 0x0000a3d2\r\n' +
  'E: >>> ZEPHYR FATAL ERROR 25: Unknown error on CPU 0\r\n' +
  'E: Current thread: 0x200009d8 (mcumgr smp)\r\nE: Halting system\r\n';

type State = 'off' | 'booting' | 'running' | 'crashed';

interface QueuedRequest {
  readonly packet: Uint8Array;
  readonly atMs: number;
}

/** Runs a board behind one byte stream, until `stop()` cuts its power. */
export class BoardUart {
  readonly #board: VirtualBoard;
  readonly #speed: BoardSpeed;
  readonly #transmit: (bytes: Uint8Array) => void;
  readonly #byteMs: number;
  readonly #incoming = new Timeline();
  readonly #outgoing = new Timeline();
  readonly #console: ShellConsole;
  #receiver: LineReceiver;
  #shellInput = new ShellInput();
  #queue: QueuedRequest[] = [];
  #serving = false;
  #state: State = 'off';
  #receivedUntilMs = 0;
  #sentUntilMs = 0;
  /** When the last answer was out. */
  #answeredAtMs = -Infinity;
  #bootTimer: NodeJS.Timeout | undefined;
  #previousAnswer: Uint8Array | undefined;

  constructor(board: VirtualBoard, speed: BoardSpeed, transmit: (bytes: Uint8Array) => void) {
    this.#board = board;
    this.#speed = speed;
    this.#transmit = transmit;
    this.#byteMs = speed.baudRate > 0 ? (BITS_PER_BYTE * 1000) / speed.baudRate : 0;
    this.#receiver = this.#newReceiver();
    this.#console = new ShellConsole(board, (text) => this.#print(text));
  }

  /** Why bytes were dropped since the last start, oldest first. */
  get drops(): readonly DropReason[] {
    return this.#receiver.drops;
  }

  /** Received bytes that wait for the rest of their line or packet. */
  get pendingBytes(): number {
    return this.#receiver.pendingBytes;
  }

  /** Whether the firmware crashed because it had no packet buffers left; only a power cycle helps. */
  get crashed(): boolean {
    return this.#state === 'crashed';
  }

  /** Powers the board. It listens at once: who put it into the socket took longer than a boot. */
  start(): void {
    this.#board.events = {
      ...this.#board.events,
      onReset: () => this.#restart(),
      onLog: (text) => this.#log(text),
    };
    this.#board.start();
    this.#halt('running');
    this.#run();
  }

  /** Cuts the power. */
  stop(): void {
    this.#halt('off');
    clearTimeout(this.#bootTimer);
    this.#board.stop();
  }

  /** Bytes from the client, all at once as the tty gave them; at a baud rate they arrive one after the other. */
  receive(chunk: Uint8Array): void {
    let arrivalMs = Math.max(performance.now(), this.#receivedUntilMs);
    for (let start = 0; start < chunk.length;) {
      const newline = this.#byteMs > 0 ? chunk.indexOf(NEWLINE, start) : -1;
      const end = newline < 0 ? chunk.length : newline + 1;
      const part = Uint8Array.from(chunk.subarray(start, end));
      arrivalMs += part.length * this.#byteMs;
      const atMs = arrivalMs;
      this.#incoming.at(atMs, () => this.#onBytes(part, atMs));
      start = end;
    }
    this.#receivedUntilMs = arrivalMs;
  }

  #onBytes(bytes: Uint8Array, atMs: number): void {
    if (this.#state !== 'running' || this.#isDeaf(atMs)) return;
    const { faults } = this.#board;
    if (faults.find('echo-line')) return this.#transmit(bytes);
    if (faults.find('wrong-baud')) return this.#transmit(bytes.map(atOtherSpeed));
    if (faults.find('console-only')) return this.#console.type(bytes);
    if (this.#board.profile.transport === 'uart') this.#onFrames(bytes, atMs);
    // A UART interrupts for every byte; a pty or USB passes on what it has.
    else if (this.#byteMs > 0) for (const byte of bytes) this.#onShellBytes(Uint8Array.of(byte), atMs);
    else this.#onShellBytes(bytes, atMs);
    this.#serve();
  }

  #isDeaf(atMs: number): boolean {
    const forMs = this.#board.faults.find('deaf-after-answer')?.forMs ?? 0;
    return forMs > 0 && atMs - this.#answeredAtMs < forMs;
  }

  #onFrames(bytes: Uint8Array, atMs: number): void {
    this.#receiver.feed(bytes, atMs, (packet) => this.#queue.push({ packet, atMs }));
  }

  #onShellBytes(bytes: Uint8Array, atMs: number): void {
    const { frames, text } = this.#shellInput.sort(bytes);
    const lost = this.#receiver.drops.length;
    this.#onFrames(frames, atMs);
    if (this.#receiver.drops.slice(lost).includes('no-line-buffer')) {
      this.#console.log('smp_shell: Failed to alloc SMP buf');
    }
    if (text.length > 0 && !this.#board.faults.find('silent')) this.#console.type(text);
  }

  /** A packet buffer for the receiver: the pool also holds the queued requests, the one in work, and its answer. */
  #allocate(): boolean {
    const used = this.#queue.length + (this.#serving ? 2 : 0);
    if (used < this.#board.profile.netBufCount) return true;
    if (this.#board.profile.crashesOnOverload) this.#crash();
    return false;
  }

  #serve(): void {
    const request = this.#serving || this.#state !== 'running' ? undefined : this.#queue.shift();
    if (!request) return;
    const fate = this.#board.faults.onRequest();
    if (fate.reset) return this.#board.reset();
    if (fate.crash) return this.#fault();
    if (fate.stuck) return this.#board.events.onStuck?.();
    if (fate.copies === 2) this.#queue.unshift(request);
    if (fate.copies === 0) return this.#serve();
    this.#serving = true;
    const held = this.#queue.length + 1 + (this.#receiver.holdsNetBuf ? 1 : 0);
    const answers = this.#board.handleMessage(request.packet, held < this.#board.profile.netBufCount);
    if (this.#state !== 'running' || !this.#serving) return;
    const slowMs = this.#board.faults.find('slow')?.delayMs ?? 0;
    const workMs = this.#speed.handlingMs + this.#board.takeWorkMs(this.#speed) + fate.delayMs + slowMs;
    const startMs = this.#byteMs > 0 || workMs > 0 ? Math.max(request.atMs, this.#sentUntilMs) + workMs : 0;
    this.#send(answers, startMs);
  }

  #send(answers: readonly Uint8Array[], startMs: number): void {
    let dueMs = startMs;
    for (const answer of answers) {
      const { parts, delayMs } = distortAnswer(this.#board.faults, renderLines(answer), this.#previousAnswer);
      this.#previousAnswer = Buffer.concat(renderLines(answer));
      dueMs += delayMs > 0 ? Math.max(0, performance.now() - dueMs) + delayMs : 0;
      for (const part of parts) {
        dueMs += part.length * this.#byteMs;
        this.#outgoing.at(dueMs, () => this.#transmit(part));
      }
    }
    this.#sentUntilMs = dueMs;
    this.#outgoing.at(dueMs, () => {
      if (answers.length > 0) this.#answeredAtMs = performance.now();
      this.#serving = false;
      this.#serve();
    });
  }

  /** As Zephyr does on a Cortex-M with CONFIG_RESET_ON_FATAL_ERROR=n. */
  #fault(): void {
    this.#print(FAULT_DUMP);
    // The dump still has to leave the wire.
    this.#state = 'crashed';
    this.#board.stop();
  }

  #crash(): void {
    this.#halt('crashed');
    this.#board.stop();
    this.#board.events.onCrash?.();
  }

  #restart(): void {
    this.#halt('booting');
    this.#bootTimer = setTimeout(() => {
      this.#state = 'running';
      this.#run();
    }, this.#board.profile.bootMs).unref();
  }

  #halt(state: State): void {
    this.#state = state;
    this.#serving = false;
    this.#queue = [];
    this.#incoming.clear();
    this.#outgoing.clear();
    this.#receiver = this.#newReceiver();
    this.#shellInput = new ShellInput();
  }

  #newReceiver(): LineReceiver {
    return new LineReceiver(this.#board.profile, this.#speed.lineHandlingMs, () => this.#allocate());
  }

  #run(): void {
    this.#printBanner();
    this.#board.events.onRunning?.();
  }

  #log(text: string): void {
    const { transport, consoleOnUart } = this.#board.profile;
    if (this.#state !== 'running') return;
    if (transport === 'shell') this.#console.log(text);
    else if (consoleOnUart) this.#print(`${text}\r\n`);
  }

  #printBanner(): void {
    const { consoleOnUart, transport, version } = this.#board.profile;
    if (consoleOnUart) this.#print(`*** Booting Zephyr OS build v${version} ***\r\n`);
    if (transport === 'shell') this.#console.greet();
  }

  /** Text of the shell or the console, which takes its time on the wire like everything else. */
  #print(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#sentUntilMs = Math.max(performance.now(), this.#sentUntilMs) + bytes.length * this.#byteMs;
    this.#outgoing.at(this.#byteMs > 0 ? this.#sentUntilMs : 0, () => this.#transmit(bytes));
  }
}

/** What a receiver at another speed makes of a byte: edges in wrong places, and mostly ones. */
function atOtherSpeed(byte: number): number {
  return ((byte * 0x91) & 0xff) | 0x80;
}
