// Runs commands of Certline one after the other, as `command-hosts.ts` asks it to. To start the program takes more time than most
// commands do, and the tests run hundreds.
import { runProgram } from '../../cli/run-program.ts';
import type { Ended } from './certline.ts';
import type { CommandLine } from './command-hosts.ts';

/** What commands listen to until their process ends, which this one does not. */
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'] as const;

process.on('message', (line: CommandLine) => void run(line));
process.on('disconnect', () => process.exit());

async function run({ args, env }: CommandLine): Promise<void> {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.exitCode = undefined;
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  await runProgram(args);
  endOfProcess();
  const ended: Ended = { status: status(), stdout: stdout(), stderr: stderr() };
  process.send!(ended);
}

function status(): number {
  return Number(process.exitCode ?? 0);
}

/** Keeps what is written from here on, until it is asked for it. */
function capture(stream: NodeJS.WriteStream): () => string {
  const parts: Buffer[] = [];
  const keep = (
    part: string | Uint8Array,
    encoding?: BufferEncoding | (() => void),
    done?: () => void,
  ): boolean => {
    parts.push(typeof part === 'string' ? Buffer.from(part) : Buffer.from(part));
    const then = typeof encoding === 'function' ? encoding : done;
    if (then !== undefined) process.nextTick(then);
    return true;
  };
  stream.write = keep;
  return () => {
    Reflect.deleteProperty(stream, 'write'); // The one of its class is left.
    return Buffer.concat(parts).toString('utf8');
  };
}

/** What a command left to be done when its process ends is done here. */
function endOfProcess(): void {
  for (const listener of process.listeners('exit')) listener(status());
  for (const event of EVENTS) process.removeAllListeners(event);
}
