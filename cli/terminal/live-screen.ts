import type { WriteStream } from 'node:tty';
import { columnsOf } from './stdout.ts';
import { textWidth } from './text-width.ts';

/** Lines that are drawn over again in place, on a terminal. */
export class LiveScreen {
  readonly #out: WriteStream;
  #drawn = 0;
  #columns = 0;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  /** Draws the lines, each with as many rows as it needs; what has no room is counted in the last one. */
  draw(lines: readonly string[]): void {
    const columns = columnsOf(this.#out);
    const { shown, rows } = fitting(lines, columns, Math.max(1, this.#out.rows - 1));
    // After a change of the width nobody knows how many rows there are: begin at the top.
    const isChanged = this.#drawn > 0 && columns !== this.#columns;
    const up = isChanged ? '\u001b[H' : this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    // Clear each line before it is written, since its end may be that of the row, and then whatever was below.
    this.#out.write(`${up}\r${shown.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    this.#drawn = rows;
    this.#columns = columns;
  }
}

/** The lines that fit into so many rows. */
function fitting(
  lines: readonly string[],
  columns: number,
  most: number,
): { readonly shown: readonly string[]; readonly rows: number } {
  const heights = lines.map((line) => Math.max(1, Math.ceil(textWidth(line) / columns)));
  const all = heights.reduce((sum, height) => sum + height, 0);
  if (all <= most) return { shown: lines, rows: all };
  const shown: string[] = [];
  let rows = 1;
  for (const [at, line] of lines.entries()) {
    if (rows + heights[at]! > most) break;
    shown.push(line);
    rows += heights[at]!;
  }
  return { shown: [...shown, `… and ${lines.length - shown.length} more lines`], rows };
}
