import type { Patience } from './patience.ts';

/** Says in a sentence why a part cannot work; undefined where it can. What it throws is such a sentence too. */
export type Check = () => string | undefined | Promise<string | undefined>;

/** How a process is. */
export interface Standing {
  readonly ready: boolean;
  /** `ok`, or a sentence, by the name of the part. */
  readonly checks: Readonly<Record<string, string>>;
}

/** What must be well so that a role can do its work. A role that is still starting is not ready. */
export class Readiness {
  readonly #checks = new Map<string, Check>();
  readonly #patience: Patience;
  #isStarted = false;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** `part`: the same part again takes the place of the one before. */
  add(part: string, check: Check): void {
    this.#checks.set(part, check);
  }

  /** Every part is open. */
  started(): void {
    this.#isStarted = true;
  }

  async look(): Promise<Standing> {
    const results = await Promise.all(
      [...this.#checks].map(
        async ([part, check]) => [part, (await this.#sentenceOf(check)) ?? 'ok'] as const,
      ),
    );
    const start = this.#isStarted ? [] : [['start', 'the role is still starting'] as const];
    const checks = Object.fromEntries([...start, ...results]);
    return { ready: Object.values(checks).every((says) => says === 'ok'), checks };
  }

  async #sentenceOf(check: Check): Promise<string | undefined> {
    try {
      return await this.#patience.inTime(check);
    } catch (error) {
      return (error as Error).message;
    }
  }
}
