import { plainText } from './plain-text.ts';

/** Zephyr's prompt at the end of what was received: `uart:~$ `, or whatever CONFIG_SHELL_PROMPT_UART makes of it. */
const PROMPT = /(?:^|\n)[^\n]{0,40}[$#>] ?$/;
/** Of a long output only the end matters; more is not kept. */
const MAX_TEXT = 16_384;

/** The text a board's shell prints while somebody types to it. */
export class ShellTerminal {
  #text = '';
  #onText: (() => void) | undefined;

  /** Takes what the board printed; ignored unless somebody waits for it. */
  add(bytes: Uint8Array): void {
    if (this.#onText === undefined) return;
    this.#text = (this.#text + Buffer.from(bytes).toString('latin1')).slice(-MAX_TEXT);
    this.#onText();
  }

  /** Runs `type` and waits for a prompt; what was printed before it, or `undefined` when none comes in time or `ended` is aborted. */
  async untilPrompt(type: () => void, waitMs: number, ended: AbortSignal): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#text = '';
    this.#onText = () => {
      const text = plainText(this.#text);
      if (PROMPT.test(text)) resolve(text.slice(0, text.lastIndexOf('\n') + 1));
    };
    const timer = setTimeout(() => resolve(undefined), waitMs);
    const onAbort = (): void => resolve(undefined);
    ended.addEventListener('abort', onAbort);
    try {
      type();
      return await promise;
    } finally {
      clearTimeout(timer);
      ended.removeEventListener('abort', onAbort);
      this.#onText = undefined;
    }
  }
}
