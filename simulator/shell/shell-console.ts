// The shell as a person at a terminal sees it: prompt, echo, one line at a time. Text and control codes as observed on
// Zephyr 4.4.0; completion and history keys are left out.

import type { ShellBoard } from './shell-commands.ts';
import { runShellLine } from './shell-line.ts';
import { ShellOutput } from './shell-output.ts';

/** What the shell on a UART asks of its board. */
export interface ConsoleBoard extends ShellBoard {
  readonly consolePrompt: string;
  /** Whether `retval` is built in: CONFIG_SHELL_CMDS_RETURN_VALUE. */
  readonly tellsResults: boolean;
}

/** CONFIG_SHELL_BACKEND_SERIAL_RX_RING_BUFFER_SIZE: more in one interrupt is lost. */
const RING_SIZE = 256;
/** CONFIG_SHELL_CMD_BUFF_SIZE. */
const LINE_MAX = 255;
const CTRL_C = 0x03;
const BACKSPACES: ReadonlySet<number> = new Set([0x08, 0x7f]);
const ENTERS: ReadonlySet<number> = new Set([0x0d, 0x0a]);

/** A line editor over a board's shell; what it says goes to `write`. */
export class ShellConsole {
  readonly #board: ConsoleBoard;
  readonly #write: (text: string) => void;
  #line = '';
  #lastEnter = 0;
  /** What the last command returned. */
  #result = 0;

  constructor(board: ConsoleBoard, write: (text: string) => void) {
    this.#board = board;
    this.#write = write;
  }

  get #prompt(): string {
    return `\x1b[1;32m${this.#board.consolePrompt}\x1b[m`;
  }

  /** What it says when it starts. */
  greet(): void {
    this.#line = '';
    this.#write(`\x1b[m\r\n${this.#prompt}`);
  }

  /** Bytes that one interrupt read and that are not SMP's. */
  type(bytes: Uint8Array): void {
    if (bytes.length > RING_SIZE) this.log('shell_uart: RX ring buffer full.');
    for (const byte of bytes.subarray(0, RING_SIZE)) this.#onKey(byte);
  }

  /** A warning of the firmware: the prompt makes room for it and comes back. */
  log(text: string): void {
    const time = new Date(this.#board.uptimeMs).toISOString().slice(11, 23);
    const erase = `\x1b[${this.#board.consolePrompt.length + this.#line.length}D\x1b[J`;
    this.#write(`${erase}[${time},000] \x1b[1;33m<wrn> ${text}\x1b[0m\r\n${this.#prompt}${this.#line}`);
  }

  #onKey(byte: number): void {
    if (this.#isEnter(byte)) return this.#enter();
    if (byte === CTRL_C) return this.#newLine();
    if (BACKSPACES.has(byte)) return this.#erase();
    if (byte < 0x20 || byte > 0x7e || this.#line.length >= LINE_MAX) return;
    this.#line += String.fromCharCode(byte);
    this.#write(String.fromCharCode(byte));
  }

  /**
   * CR, LF and either pair of them are one Enter; a lone one of the other kind is nothing until some other key came.
   */
  #isEnter(byte: number): boolean {
    if (!ENTERS.has(byte)) {
      this.#lastEnter = 0;
      return false;
    }
    if (this.#lastEnter !== 0 && this.#lastEnter !== byte) return false;
    this.#lastEnter = byte;
    return true;
  }

  #newLine(): void {
    this.#line = '';
    this.#write(`\r\n${this.#prompt}`);
  }

  #erase(): void {
    if (this.#line === '') return;
    this.#line = this.#line.slice(0, -1);
    this.#write('\x1b[1D\x1b[J');
  }

  #enter(): void {
    const line = this.#line;
    this.#line = '';
    this.#write('\r\n');
    const out = new ShellOutput('');
    if (line.trim() === 'retval' && this.#board.tellsResults) {
      out.print(String(this.#result));
    } else if (line.trim() !== '') {
      const result = runShellLine(this.#board, line, out);
      if (result === 'silence') return;
      this.#result = result;
    }
    this.#write(`${out.text(Infinity)}${this.#prompt}`);
  }
}
