import { appendFileSync } from 'node:fs';
import type { Doom } from './signer-messages.ts';

/** The points of a signer's work at which its process can be killed; each is told by name as it is passed. */
export class KillPoints {
  readonly #spared: ReadonlySet<string>;
  readonly #seen = new Set<string>();
  readonly #logPath: string;
  readonly #afterRequests: number;
  readonly #atLatest: number;
  #requests = 0;
  #answers = 0;

  /** `logPath` gets a line for each point when it is first passed, and one for the kill, written before it. */
  constructor({ spared, afterRequests = Infinity, atLatest = Infinity }: Doom, logPath: string) {
    this.#spared = new Set(spared);
    this.#afterRequests = afterRequests;
    this.#atLatest = atLatest;
    this.#logPath = logPath;
  }

  /** A request to sign has come. */
  countRequest(): void {
    this.#requests += 1;
  }

  /** A request to sign was answered: however many were waiting, a life that is too long has got somewhere. */
  countAnswer(): void {
    this.#answers += 1;
    if (this.#answers >= this.#atLatest) process.kill(process.pid, 'SIGKILL');
  }

  /** Kills this process with SIGKILL if it shall end here. */
  pass(point: string): void {
    if (!this.#seen.has(point)) {
      this.#seen.add(point);
      appendFileSync(this.#logPath, `passed ${point}\n`);
    }
    if (this.#requests < this.#afterRequests || this.#spared.has(point)) return;
    appendFileSync(this.#logPath, `killed ${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
}
