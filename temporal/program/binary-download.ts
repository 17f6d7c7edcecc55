import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { sha256OfFile } from './file-hash.ts';
import type { PinnedWheel } from './pinned-wheel.ts';
import { formatElapsed } from './sign-of-life.ts';

/** Where Temporal's SDKs ask which archive holds the command line. */
export const DOWNLOAD_SERVICE = 'https://temporal.download';

/** The service answers in less than a second if it can be reached. */
const SERVICE_TIMEOUT_MS = 5_000;
/**
 * The archive has about 45 MB and may take minutes on a slow network. No data for this long means that the connection
 * is dead.
 */
const STALL_TIMEOUT_MS = 20_000;
const REPORT_EVERY_MS = 5_000;
/** A file name, and nothing that tar takes for an option: some of those run a program. */
const FILE_NAME = /^\w[\w.-]*$/;

/**
 * What a download needs: the folder for the program, the address of the service, and the SDK version that it is asked
 * for.
 */
export interface BinaryDownload {
  readonly folder: string;
  readonly service: string;
  readonly sdkVersion: string;
  /** Whose program it must be: the service names no checksum. */
  readonly pinned: PinnedWheel;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Downloads Temporal's command line the way its SDKs do (ask the service for the archive, fetch it, unpack it) into
 * an existing, empty folder, and gives the program's path there. It is the pinned program, or it is refused. Throws an
 * `Error` that says which step failed.
 */
export async function downloadBinary(download: BinaryDownload): Promise<string> {
  const expected = download.pinned.programSha256[`${process.platform}-${process.arch}`];
  if (expected === undefined) throw new Error(`no program is pinned for ${process.platform}-${process.arch}`);
  const { archiveUrl, fileToExtract } = await askService(download);
  const archive = join(download.folder, 'archive.tar.gz');
  await fetchArchive(archiveUrl, archive, download);
  await promisify(execFile)('tar', ['-xzf', archive, '-C', download.folder, fileToExtract]);
  const program = join(download.folder, fileToExtract);
  const got = await sha256OfFile(program, 'hex');
  if (got !== expected) {
    throw new Error(
      `the program has SHA-256 ${got}, not the pinned ${expected} of version ${download.pinned.version}; it was not run`,
    );
  }
  return program;
}

async function askService(download: BinaryDownload): Promise<{ archiveUrl: string; fileToExtract: string }> {
  const url = new URL(`/cli/v${download.pinned.version}`, download.service);
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  url.search = new URLSearchParams({
    arch: architecture,
    platform: process.platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': download.sdkVersion,
  }).toString();
  const timeout = AbortSignal.timeout(SERVICE_TIMEOUT_MS);
  const response = await get(url, anySignal(timeout, download.signal));
  const answer = (await response.json()) as { archiveUrl?: unknown; fileToExtract?: unknown };
  const { archiveUrl, fileToExtract } = answer;
  if (typeof archiveUrl !== 'string' || typeof fileToExtract !== 'string' || !FILE_NAME.test(fileToExtract)) {
    throw new Error(`${url.host} answered without archiveUrl and fileToExtract`);
  }
  return { archiveUrl, fileToExtract };
}

async function fetchArchive(archiveUrl: string, path: string, download: BinaryDownload): Promise<void> {
  const stall = new AbortController();
  const stalled = new Error(
    `no data from ${new URL(archiveUrl).host} for ${formatElapsed(STALL_TIMEOUT_MS)}`,
  );
  const timer = setTimeout(() => stall.abort(stalled), STALL_TIMEOUT_MS);
  try {
    const response = await get(new URL(archiveUrl), anySignal(stall.signal, download.signal));
    if (response.body === null) throw new Error(`${archiveUrl} is empty`);
    const total = Number(response.headers.get('content-length') ?? 0);
    const progress = reportProgress(total, download.report, () => void timer.refresh());
    await pipeline(Readable.fromWeb(response.body), progress, createWriteStream(path), {
      signal: anySignal(stall.signal, download.signal),
    });
  } finally {
    clearTimeout(timer);
  }
}

function reportProgress(totalBytes: number, report: (line: string) => void, alive: () => void) {
  let received = 0;
  let reportedAt = Date.now();
  return async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      alive();
      received += chunk.length;
      if (Date.now() - reportedAt >= REPORT_EVERY_MS) {
        reportedAt = Date.now();
        report(
          `Downloading Temporal: ${megabytes(received)} of ${totalBytes > 0 ? megabytes(totalBytes) : '?'} MB.`,
        );
      }
      yield chunk;
    }
  };
}

async function get(url: URL, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    throw new Error(`${url.host} cannot be reached (${reasonOf(error)})`, { cause: error });
  }
  if (!response.ok) throw new Error(`${url.host} answered ${response.status} ${response.statusText}`);
  return response;
}

/** fetch() says "fetch failed"; the useful reason is in its cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

function anySignal(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second === undefined ? first : AbortSignal.any([first, second]);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
