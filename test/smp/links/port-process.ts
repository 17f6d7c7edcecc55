import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A child process that serves a pseudo-terminal. */
export interface PortProcess {
  path: string;
  stop(): Promise<void>;
}

/** Starts a program and waits for the path it prints. */
export async function startPort(program: URL, ...programArguments: string[]): Promise<PortProcess> {
  const file = fileURLToPath(program);
  const child = spawn(process.execPath, [file, ...programArguments], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [path] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    path,
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
