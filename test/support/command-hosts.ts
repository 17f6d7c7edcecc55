import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { SECURE_HEAP_BYTES } from '../../line/key-exposures.ts';
import type { Ended } from './certline.ts';

/** One command line with the whole environment in which it runs. */
export interface CommandLine {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');

/** Like a process that guards keys replaces itself: a host cannot do that for one command. */
const GUARDED = [
  '-c',
  'ulimit -c 0; exec "$0" "$@"',
  NODE,
  `--secure-heap=${SECURE_HEAP_BYTES}`,
  '--disable-sigusr1',
  join(import.meta.dirname, 'command-host.ts'),
];

/** Hosts without a command. Each lives until this process, which is that of one test file, ends. */
const idle: { readonly child: ChildProcess; readonly settings: string }[] = [];

/** Runs a command in a process that may have run others before with the same settings, and never two at once. */
export async function runInHost({ args, env }: CommandLine): Promise<Ended> {
  // Modules keep what they made of the environment. Where the line is, no module keeps.
  const { CERTLINE_STATE: _state, CERTLINE_CONFIG: _config, ...others } = env;
  const settings = JSON.stringify(others);
  const at = idle.findIndex((host) => host.settings === settings);
  const child = idle.splice(at, at < 0 ? 0 : 1)[0]?.child ?? startHost(env);
  const ended = await answerOf(child, { args, env });
  // A serial port may report something after the command that opened it: nobody else's command may meet that.
  if (args[0] === 'board') child.kill();
  else if (child.connected) idle.push({ child, settings });
  return ended;
}

function startHost(env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn('/bin/sh', GUARDED, { cwd: ROOT, env, stdio: ['pipe', 'ignore', 'inherit', 'ipc'] });
  child.unref();
  return child;
}

function answerOf(child: ChildProcess, line: CommandLine): Promise<Ended> {
  return new Promise((resolve) => {
    const onExit = (code: number | null): void =>
      resolve({ status: code ?? -1, stdout: '', stderr: 'The process ended before its command.\n' });
    child.once('exit', onExit);
    child.once('message', (ended: Ended) => {
      child.off('exit', onExit);
      resolve(ended);
    });
    child.send(line);
  });
}
