import type { WriteStream } from 'node:tty';

/** Lines that are drawn over again in place, on a terminal. */
export class LiveScreen {
  readonly #out: WriteStream;
  #drawn = 0;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  draw(lines: readonly string[]): void {
    const fitting = lines.slice(0, Math.max(1, this.#out.rows - 1));
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    // Clear each line to its end, and whatever was below; no wrapping, which would spoil the count of lines.
    const body = fitting.map((line) => `${line}\u001b[K\n`).join('');
    this.#out.write(`\u001b[?7l${up}\r${body}\u001b[J\u001b[?7h`);
    this.#drawn = fitting.length;
  }
}
