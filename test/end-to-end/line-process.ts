import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The real program. */
export const CLI = join(import.meta.dirname, '..', '..', 'cli', 'certline.ts');

/** The real program, as a shell starts it: a process group of its own. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** What it said, both streams together. */
  output = '';

  constructor(args: readonly string[], environment: NodeJS.ProcessEnv, program = CLI) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(TEMPORAL|CERTLINE)_/.test(name));
    this.#child = spawn(process.execPath, [program, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), ...environment },
    });
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends the signal to the whole process group, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) process.kill(-this.pid, signal);
  }

  /** Exit status, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    await this.#ended;
    return this.#child.exitCode ?? this.#child.signalCode!;
  }

  /** Kills the process group at once; processes that left the group live on. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }
}

/** Processes that this one started and that still run. */
export function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

/** Whether a process runs; one that has ended and waits for its parent to hear of it does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export function killAll(pids: readonly number[]): void {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
}
