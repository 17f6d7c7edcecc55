import { bar } from '../terminal/bar.ts';
import { LiveScreen } from '../terminal/live-screen.ts';

/** What is over before anybody could read a bar needs none. */
const PATIENCE_MS = 400;
const REDRAW_MS = 100;

/** A bar on standard error for a transfer that takes long; nothing where that is no terminal. */
export class TransferBar {
  readonly #screen = process.stderr.isTTY ? new LiveScreen(process.stderr) : undefined;
  readonly #what: string;
  readonly #startedAt = performance.now();
  #drawnAt = this.#startedAt + PATIENCE_MS - REDRAW_MS;

  #isDrawn = false;

  constructor(what: string) {
    this.#what = what;
  }

  /** Both in bytes; `done` may go back when a transfer starts again. */
  readonly update = (done: number, total: number): void => {
    const now = performance.now();
    if (now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#isDrawn = true;
    this.#screen?.draw([barLine(this.#what, done, total, now - this.#startedAt)]);
  };

  /** Takes the bar away. */
  end(): void {
    if (this.#isDrawn) this.#screen?.draw([]);
  }
}

/** The bar, how far it is, and how fast: `█████░░░  /lfs1/image  12.0 of 64.0 KiB, 6.1 KiB/s`. */
export function barLine(what: string, done: number, total: number, elapsedMs: number): string {
  const speed = elapsedMs > 0 ? `, ${kibibytes((done * 1_000) / elapsedMs)} KiB/s` : '';
  return `${bar(done, total)}  ${what}  ${kibibytes(done)} of ${kibibytes(total)} KiB${speed}`;
}

function kibibytes(bytes: number): string {
  return (bytes / 1_024).toFixed(1);
}
