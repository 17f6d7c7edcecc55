import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { executableOnPath } from './executable-on-path.ts';
import { runRecorded } from './recorded-child.ts';
import { withSignOfLife } from './sign-of-life.ts';

/**
 * The last version of Temporal's command line that Go can build from its module proxy. Version 1.9.1 was tried: its
 * go.mod replaces the module cliext by a folder, and neither the module's archive nor the proxy has cliext.
 */
const MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
/** The Go version that the go.mod of that version names. */
const GO_NEEDED = { major: 1, minor: 25 };
/** Since this version Go downloads a newer toolchain by itself, unless GOTOOLCHAIN forbids it. */
const GO_SWITCHES_SINCE_MINOR = 21;
const REPORT_EVERY_MS = 15_000;
/** Measured: 3 to 4 minutes on 2 cores. A build that takes ten times as long will not end. */
const BUILD_TIMEOUT_MS = 40 * 60_000;

/** What a build needs: an empty folder for the result, and a folder that outlives it, held under the cache's lock. */
export interface BinaryBuild {
  readonly folder: string;
  readonly cacheFolder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Builds Temporal's command line with Go from PATH and gives the program's path in `folder`. The caller holds the
 * cache's lock. Throws an `Error` with the reason and the last lines that Go printed.
 */
export async function buildBinary(build: BinaryBuild): Promise<string> {
  const go = executableOnPath('go', build.environment);
  if (go === undefined) throw new Error('there is no `go` on PATH');
  await checkGo(go, build);
  build.report('Building the Temporal server with Go: 3 to 4 minutes on 2 cores, once for this user.');
  build.report("It needs the Go module proxy and about 3.5 GB for Go's own caches; the result takes 213 MB.");
  await runInstall(go, build);
  return join(build.folder, 'temporal');
}

/** Reports which Go is installed and what it will do. Throws if it is too old and may not download a newer one. */
async function checkGo(go: string, build: BinaryBuild): Promise<void> {
  // In a folder without go.mod, so that no project's `toolchain` directive has an effect.
  const options = { env: build.environment, cwd: build.folder, timeout: 30_000 };
  const { stdout } = await promisify(execFile)(go, ['env', 'GOVERSION', 'GOTOOLCHAIN'], options);
  const [version = '', toolchain = ''] = stdout.split('\n');
  const [, major, minor] = (/^go(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major === undefined || minor === undefined) {
    build.report(`${go} is a development version of Go (${version}); trying it.`);
    return;
  }
  if (major > GO_NEEDED.major || minor >= GO_NEEDED.minor) return;
  const needed = `${GO_NEEDED.major}.${GO_NEEDED.minor}`;
  if (minor < GO_SWITCHES_SINCE_MINOR || toolchain.startsWith('local') || toolchain.startsWith('path')) {
    const pinned =
      minor < GO_SWITCHES_SINCE_MINOR ? '' : `, and GOTOOLCHAIN=${toolchain} forbids a newer one`;
    throw new Error(`${go} is ${version}, Go ${needed} or later is needed${pinned}`);
  }
  build.report(
    `${go} is ${version}; Go will first download its ${needed} toolchain (about 80 MB) by itself.`,
  );
}

async function runInstall(go: string, build: BinaryBuild): Promise<void> {
  const progress = followOutput();
  const running = runRecorded({
    command: go,
    args: ['install', '-v', '-ldflags', '-s -w', MODULE],
    cwd: build.folder,
    env: { ...build.environment, GOBIN: build.folder, CGO_ENABLED: '0', GOOS: '', GOARCH: '' },
    cacheFolder: build.cacheFolder,
    timeoutMs: BUILD_TIMEOUT_MS,
    signal: build.signal,
    onErrorLine: (text) => progress.hear(text),
  });
  const line = (elapsed: string): string =>
    `Building the Temporal server: ${elapsed} so far, ${progress.summary()}.`;
  const end = await withSignOfLife(running, REPORT_EVERY_MS, build.report, line);
  if (end !== 0) throw new Error(`go install ended with ${end}: ${progress.lastLines()}`);
}

/** Go names each module that it downloads and, with `-v`, each package that it compiles. */
function followOutput(): { hear(line: string): void; summary(): string; lastLines(): string } {
  let downloaded = 0;
  let compiled = 0;
  const tail: string[] = [];
  return {
    hear: (line) => {
      if (line.startsWith('go: downloading')) downloaded += 1;
      else if (/^[\w./~-]+$/.test(line)) compiled += 1;
      tail.push(line);
      if (tail.length > 4) tail.shift();
    },
    summary: () => `${downloaded} modules downloaded, ${compiled} of about 1,300 packages compiled`,
    lastLines: () => tail.join(' | '),
  };
}
