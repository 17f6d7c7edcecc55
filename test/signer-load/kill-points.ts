import { appendFileSync } from 'node:fs';
import type { Doom } from './signer-messages.ts';

/** The points of a signer's work at which its process can be killed; each is told by name as it is passed. */
export class KillPoints {
  readonly #spared: ReadonlySet<string>;
  readonly #seen = new Set<string>();
  readonly #logPath: string;
  #requestsToGo: number;

  /** `logPath` gets a line for each point when it is first passed, and one for the kill, written before it. */
  constructor({ spared, afterRequests = Number.POSITIVE_INFINITY }: Doom, logPath: string) {
    this.#spared = new Set(spared);
    this.#requestsToGo = afterRequests;
    this.#logPath = logPath;
  }

  /** A request to sign has come. */
  countRequest(): void {
    this.#requestsToGo -= 1;
  }

  /** Kills this process with SIGKILL if it shall end here. */
  pass(point: string): void {
    if (!this.#seen.has(point)) {
      this.#seen.add(point);
      appendFileSync(this.#logPath, `passed ${point}\n`);
    }
    if (this.#requestsToGo > 0 || this.#spared.has(point)) return;
    appendFileSync(this.#logPath, `killed ${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
}
