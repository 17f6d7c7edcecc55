import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * The oldest server that this project runs on: 1.28 brought pausing and resetting of activities, which operators
 * use. The version of the command line itself is useless: `go install` makes it `0.0.0-DEV`.
 */
const OLDEST_SERVER = { major: 1, minor: 28 };

/** Long for a cold disk: the program is 156 MB, or 213 MB when Go built it. */
const VERSION_TIMEOUT_MS = 30_000;

/**
 * Runs `<path> --version` and gives its line, for example `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`.
 * Throws an `Error` whose message says why the program cannot be used: another `temporal`, too old, or not runnable.
 */
export async function checkBinaryVersion(path: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const line = await versionLine(path, environment);
  const server = /^temporal version \S+ \(Server (\d+)\.(\d+)\./.exec(line);
  if (server === null)
    throw new Error(`${path} is not the Temporal command line (it says "${line.slice(0, 80)}")`);
  const [major, minor] = [Number(server[1]), Number(server[2])];
  const { major: oldestMajor, minor: oldestMinor } = OLDEST_SERVER;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new Error(`${path} has server ${major}.${minor}; ${oldestMajor}.${oldestMinor} or later is needed`);
  }
  return line;
}

async function versionLine(path: string, environment: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], {
      env: environment,
      timeout: VERSION_TIMEOUT_MS,
    });
    return stdout.trim().split('\n')[0] ?? '';
  } catch (error) {
    throw new Error(`${path} --version does not run: ${(error as Error).message.trim()}`, { cause: error });
  }
}
