// What Zephyr's dummy shell backend collects while a command runs: CRLF line ends, colour around errors, a fixed
// buffer.

/** Collects the output of one command, in the bytes observed on Zephyr 4.4.0. */
export class ShellOutput {
  #text: string;

  /** The dummy backend starts on a line of its own; a terminal is on one already. */
  constructor(start: '' | '\r\n' = '\r\n') {
    this.#text = start;
  }

  /** A line of normal output. */
  print(line: string): void {
    this.#text += `${line}\r\n`;
  }

  /** A line printed with shell_error(). */
  error(line: string): void {
    this.#text += `\x1b[1;31m${line}\r\n\x1b[m`;
  }

  /** The collected text, cut where the buffer of `size` bytes ends. */
  text(size: number): string {
    return this.#text.slice(0, size);
  }
}
