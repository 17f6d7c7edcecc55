import { closeSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Warnings only are logged; a log of this size is put aside before the next start. */
const ROTATE_AT_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4096;

/** The server's log file in the state folder, from where this start began to write. */
export interface ServerLog {
  readonly path: string;
  /** For the server's stdout and stderr; to be closed once it has started. */
  readonly descriptor: number;
  /** The last `count` lines written since the start, joined by ` | `. */
  readonly tail: (count: number) => string;
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
  return { path, descriptor: openSync(path, 'a'), tail: (count) => readTail(path, start, count) };
}

function readTail(path: string, start: number, count: number): string {
  const from = Math.max(start, sizeOf(path) - TAIL_BYTES);
  const buffer = Buffer.alloc(TAIL_BYTES);
  const file = openSync(path, 'r');
  const length = readSync(file, buffer, 0, TAIL_BYTES, from);
  closeSync(file);
  const lines = buffer.toString('utf8', 0, length).split('\n');
  const told = lines.filter((line) => line.trim() !== '').slice(-count);
  return told.map((line) => line.slice(0, 300)).join(' | ');
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
