import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A process of its own that runs one of the scripts beside this file. */
export interface Child {
  /** The next line that it prints. */
  nextLine(): Promise<string>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  readonly pid: number;
}

/** Runs `node <script> <argument>`, the script being a file URL; it is killed when the test is over. */
export function runChild(script: URL, argument: string, environment: NodeJS.ProcessEnv = process.env): Child {
  const child = spawn(process.execPath, [fileURLToPath(script), argument], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = async (): Promise<void> => killAndWait(child);
  onTestFinished(kill);
  return {
    nextLine: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${script.pathname} ended without another line`);
      return value;
    },
    kill,
    pid: child.pid ?? 0,
  };
}

async function killAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The next line of the child that has this part; lines before it are passed over. */
export async function reported(child: Child, part: string): Promise<string> {
  for (;;) {
    const line = await child.nextLine();
    if (line.includes(part)) return line;
  }
}
