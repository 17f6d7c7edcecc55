import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Warnings only are logged; a larger log is renamed before the next start. */
const ROTATE_AT_BYTES = 10 * 1024 * 1024;
/** A failed start logs one line of several KiB with the reason at its end. */
const READ_BYTES = 256 * 1024;
const TOLD_CHARACTERS = 300;

/** The server's log file in the state folder, from the place where this start began to write. */
export interface ServerLog {
  readonly path: string;
  /** For the server's stdout and stderr; to be closed once it has started. */
  readonly descriptor: number;
  /** The last `count` lines written since the start, joined by ` | `; of a long line its beginning and its end. */
  readonly tail: (count: number) => string;
  /** Whether anything written since the start matches, however long its line is. */
  readonly says: (pattern: RegExp) => boolean;
}

/** Where the server in this state folder logs. */
export function serverLogPath(directory: string): string {
  return join(directory, 'temporal-server.log');
}

/** Opens `temporal-server.log` for appending; a big one is renamed to `temporal-server.log.1` first. */
export function openServerLog(directory: string): ServerLog {
  const path = serverLogPath(directory);
  if (sizeOf(path) > ROTATE_AT_BYTES) renameSync(path, `${path}.1`);
  const start = sizeOf(path);
  return {
    path,
    descriptor: openSync(path, 'a'),
    tail: (count) => tellTail(readSince(path, start), count),
    says: (pattern) => pattern.test(readSince(path, start)),
  };
}

function readSince(path: string, start: number): string {
  const from = Math.max(start, sizeOf(path) - READ_BYTES);
  const buffer = Buffer.alloc(READ_BYTES);
  const file = openSync(path, 'r');
  const length = readSync(file, buffer, 0, READ_BYTES, from);
  closeSync(file);
  return buffer.toString('utf8', 0, length);
}

function tellTail(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).map(shorten).join(' | ');
}

function shorten(line: string): string {
  const half = TOLD_CHARACTERS / 2;
  return line.length <= TOLD_CHARACTERS ? line : `${line.slice(0, half)} … ${line.slice(-half)}`;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
