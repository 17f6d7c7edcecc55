import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { forgetBuild, recordBuild } from './build-record.ts';

/** A program to run, and how: see {@link runRecorded}. */
export interface RecordedChild {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the child is recorded. The caller holds the lock of this folder. */
  readonly cacheFolder: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onErrorLine: (line: string) => void;
}

/**
 * Runs a program that may take minutes, passes on the lines of its stderr, and gives its exit code or the signal that
 * ended it. The child is ended by the signal, by the time limit, and with this process; if this process is killed, the
 * record lets the next one end it. Rejects with the signal's reason.
 */
export async function runRecorded(run: RecordedChild): Promise<number | NodeJS.Signals> {
  run.signal?.throwIfAborted();
  const child = spawn(run.command, run.args, {
    cwd: run.cwd,
    env: run.env,
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that one signal ends its children too.
    detached: true,
  });
  createInterface({ input: child.stderr }).on('line', run.onErrorLine);
  await once(child, 'spawn');
  recordBuild(run.cacheFolder, child.pid);
  const stop = endOnAbort(child, run);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    run.signal?.throwIfAborted();
    return code ?? signal ?? 'SIGKILL';
  } finally {
    stop();
    forgetBuild(run.cacheFolder);
  }
}

function endOnAbort(child: ChildProcess, { signal, timeoutMs }: RecordedChild): () => void {
  const end = (): void => {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (child.pid !== undefined && !ended) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end);
  if (signal?.aborted === true) end(); // while the child was being started
  process.once('exit', end);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
    process.removeListener('exit', end);
  };
}
