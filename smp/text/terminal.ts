import { plainText } from './plain-text.ts';

/** Of a long output only the end matters; more is not kept. */
const MAX_TEXT = 16_384;
/** A shell prints what belongs together at once: a pause of this length means that it waits for a key. */
const QUIET_MS = 60;

/** The text a board's console prints while somebody types to it. */
export class Terminal {
  readonly #write: (text: string) => void;
  readonly #ended: AbortSignal;
  /** As the bytes came, a character for each: a letter of several bytes may come in pieces. */
  #latin1 = '';
  #onText: (() => void) | undefined;

  /** `ended` is aborted when nobody waits any more. */
  constructor(write: (text: string) => void, ended: AbortSignal) {
    this.#write = write;
    this.#ended = ended;
  }

  /** Takes what the board printed. */
  add(bytes: Uint8Array): void {
    this.#latin1 = (this.#latin1 + Buffer.from(bytes).toString('latin1')).slice(-MAX_TEXT);
    this.#onText?.();
  }

  /**
   * Types a line and waits until `isDone` says of what was printed since that it is all, and no more comes. That text
   * without colours and carriage returns, or `undefined` when it is not done in time.
   */
  async type(line: string, isDone: (text: string) => boolean, waitMs: number): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let quiet: NodeJS.Timeout | undefined;
    this.#latin1 = '';
    this.#onText = () => {
      clearTimeout(quiet);
      if (isDone(this.#text)) quiet = setTimeout(resolve, QUIET_MS);
    };
    const limit = setTimeout(resolve, waitMs);
    const onAbort = (): void => resolve();
    this.#ended.addEventListener('abort', onAbort);
    if (this.#ended.aborted) onAbort();
    else this.#write(`${line}\n`);
    await promise;
    clearTimeout(limit);
    clearTimeout(quiet);
    this.#ended.removeEventListener('abort', onAbort);
    this.#onText = undefined;
    const text = this.#text;
    return isDone(text) ? text : undefined;
  }

  get #text(): string {
    return plainText(Buffer.from(this.#latin1, 'latin1').toString());
  }
}
