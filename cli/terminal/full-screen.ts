import { emitKeypressEvents } from 'node:readline';
import type { Key } from 'node:readline';
import { stripVTControlCharacters, styleText } from 'node:util';
import { columnsOf } from './stdout.ts';
import { cutCells, cutIntoRows, textWidth } from './text-width.ts';

const OPEN = '\u001b[?1049h\u001b[?25l';
const CLOSE = '\u001b[?25h\u001b[?1049l';

/** Draws the lines for so many columns. */
type View = (columns: number) => readonly string[];

/**
 * The whole terminal, until a person presses q, Escape or Ctrl-C; what was on it before is there again afterwards. Lines for which there
 * is no room can be scrolled to.
 */
export class FullScreen {
  readonly #end = new AbortController();
  readonly #close = (): void => this.close();
  #view: View = () => [];
  #top = 0;
  #isOpen = false;

  /** Aborts when the person leaves. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  open(): void {
    this.#isOpen = true;
    process.stdout.write(OPEN);
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true).on('keypress', this.#onKey).resume();
    process.stdout.on('resize', this.#redraw);
    process.once('exit', this.#close);
  }

  show(view: View): void {
    this.#view = view;
    this.#redraw();
  }

  /** Gives the terminal back; may be repeated. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#close);
    process.stdout.off('resize', this.#redraw);
    process.stdin.off('keypress', this.#onKey).setRawMode(false).pause();
    process.stdout.write(CLOSE);
  }

  readonly #onKey = (_text: string | undefined, { name, ctrl, sequence }: Key): void => {
    const page = Math.max(1, process.stdout.rows - 2);
    if (name === 'q' || name === 'escape' || (ctrl === true && name === 'c')) this.#end.abort();
    else if (name === 'down' || name === 'j') this.#scroll(1);
    else if (name === 'up' || name === 'k') this.#scroll(-1);
    else if (name === 'pagedown' || sequence === ' ') this.#scroll(page);
    else if (name === 'pageup') this.#scroll(-page);
  };

  #scroll(rows: number): void {
    this.#top = Math.max(0, this.#top + rows);
    this.#redraw();
  }

  readonly #redraw = (): void => {
    if (!this.#isOpen) return;
    const columns = columnsOf(process.stdout);
    const rows = this.#view(columns).flatMap((line) => rowsOf(line, columns));
    const room = Math.max(1, process.stdout.rows - 1);
    this.#top = Math.min(this.#top, Math.max(0, rows.length - room));
    const shown = rows.slice(this.#top, this.#top + room);
    const below = rows.length - this.#top - shown.length;
    const more = this.#top + below > 0 ? `  ↑↓ scroll: ${this.#top} rows above, ${below} below` : '';
    const foot = styleText('inverse', cutCells(` q quits${more} `, columns));
    const body = shown.map((row) => `\u001b[2K${row}\r\n`).join('');
    process.stdout.write(`\u001b[H${body}\u001b[J\u001b[${room + 1};1H${foot}`);
  };
}

/** A line that is wider than the terminal, in several rows: nothing is cut off. */
function rowsOf(line: string, columns: number): string[] {
  if (textWidth(line) <= columns) return [line];
  return cutIntoRows(stripVTControlCharacters(line), columns);
}
