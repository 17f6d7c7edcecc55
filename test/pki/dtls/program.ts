import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';

/** A handshake takes well under a second; what lasts longer hangs, and is killed. */
const LIMIT_MS = 10_000;

/** How a program ended: its exit status, null when it was killed, and all that it printed. */
export interface Ended {
  readonly status: number | null;
  readonly log: string;
}

/** A program of others under way, without the system's trust anchors. Its input stays open until `say`. */
export class Program {
  readonly #child: ChildProcessWithoutNullStreams;
  #log = '';
  /** When it has ended and all that it printed was read. Rejects when it cannot be started. */
  readonly ended: Promise<Ended>;

  constructor(program: string, args: readonly string[]) {
    const env = { ...process.env, SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/dev/null' };
    this.#child = spawn(program, args, { env, timeout: LIMIT_MS, killSignal: 'SIGKILL' });
    const { stdin, stdout, stderr } = this.#child;
    for (const output of [stdout, stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
    }
    // Who ends early reads no input; its status and log tell why.
    stdin.on('error', () => undefined);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject).on('close', (status) => resolve({ status, log: this.#log }));
    });
  }

  /** Gives it all of its input. */
  say(text: string): void {
    this.#child.stdin.end(text);
  }

  /** Waits until it has printed this; rejects when it ends without. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return await new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.#log);
        if (match) resolve(match);
      };
      this.#child.stdout.on('data', look);
      this.#child.stderr.on('data', look);
      this.ended.then(({ log }) => reject(new Error(`It ended without ${String(pattern)}: ${log}`)), reject);
      look();
    });
  }

  /** Kills it, if it has not ended, and waits for its end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
