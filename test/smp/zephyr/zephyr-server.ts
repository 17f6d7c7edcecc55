import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const FOLDER = join(CACHE, 'certline/zephyr/smpclient-7.3.0/tests/fixtures/smp-server');
const LOADERS = ['/lib/ld-linux.so.2', '/usr/lib/ld-linux.so.2'];

/** One running SMP server of real Zephyr 4.4.0. */
export interface ZephyrServer {
  /** The port's path. */
  path: string;
  /** What it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'the Zephyr servers are Linux programs';
  if (!existsSync(FOLDER)) return 'the Zephyr servers are not installed: run test/smp/zephyr/install.sh';
  if (!LOADERS.some((loader) => existsSync(loader))) {
    return 'no 32-bit C library (libc6:i386) for the Zephyr servers: run test/smp/zephyr/install.sh';
  }
  return undefined;
}

/** Why the servers cannot run here, in one sentence; `undefined` when they can. */
export const reason = whyNot();

/** Goes behind the name of a suite, so that one that is skipped says why. */
export const cannotRun = reason === undefined ? '' : ` — cannot run: ${reason}`;

function programOf(build: string): string {
  const name = readdirSync(FOLDER).find((file) => file.endsWith(`_native_sim_${build}.exe`));
  if (name === undefined) throw new Error(`there is no Zephyr build ${build} in ${FOLDER}`);
  const program = join(FOLDER, name);
  accessSync(program, constants.X_OK);
  return program;
}

/** Starts a build, e.g. `serial_fs`, with an empty file system, and waits until it is up. */
export async function startZephyr(build: string): Promise<ZephyrServer> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-zephyr-'));
  // The simulated flash is a file in the working directory.
  const child = spawn(programOf(build), [], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const up = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const onData = (bytes: Buffer): void => {
    output += bytes.toString();
    if (output.includes('Booting Zephyr')) up.resolve();
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  child.on('error', up.reject);
  child.on('exit', (code) => {
    up.reject(new Error(`Zephyr ${build} ended with ${code}: ${output}`));
    rmSync(folder, { recursive: true, force: true });
    ended.resolve();
  });
  await up.promise;
  return {
    path: /pseudotty: (\S+)/.exec(output)?.[1] ?? '',
    output: () => output,
    stop: async () => {
      child.kill('SIGKILL');
      await ended.promise;
    },
  };
}
