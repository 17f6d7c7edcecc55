import { secureHeapUsed } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { url as inspectorUrl } from 'node:inspector';

/** Octets of memory that OpenSSL keeps private keys in, locked and between guard pages; 20 EC keys take 896. */
export const SECURE_HEAP_BYTES = 65_536;

/** Options of Node by which memory or environment gets out of the process: to a debugger, into a snapshot, report or core. */
const REVEALING = /^--(?:inspect|heapsnapshot|heap-prof|abort-on-uncaught-exception|debug|report-)/;

/** Whether a person asked for an option that reveals memory, or the process was only started without protection. */
export interface KeyExposure {
  readonly kind: 'asked-for' | 'not-prevented';
  readonly what: string;
}

/** Every way in which private keys in this process's memory could get out of it; none for one that may hold keys. */
export function keyExposures(): KeyExposure[] {
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const asked = options.filter((option) => REVEALING.test(option));
  if (inspectorUrl() !== undefined && asked.length === 0) asked.push('the inspector');
  return [
    ...asked.map((what): KeyExposure => ({
      kind: 'asked-for',
      what: `${what} shows the memory of this process`,
    })),
    ...notPrevented(options).map((what): KeyExposure => ({ kind: 'not-prevented', what })),
  ];
}

function notPrevented(options: readonly string[]): string[] {
  const found: string[] = [];
  if (secureHeapUsed().total < SECURE_HEAP_BYTES)
    found.push('no memory is reserved for keys: start Node with --secure-heap');
  else if (!isLocked())
    found.push('memory for keys can be swapped to disk: allow locked memory (ulimit -l 64)');
  if (!options.includes('--disable-sigusr1'))
    found.push('a signal can start a debugger: start Node with --disable-sigusr1');
  if (mayDumpCore()) found.push('core dumps are possible: switch them off (ulimit -c 0)');
  return found;
}

/** Without /proc, a requested setting is assumed to be in effect. */
function isLocked(): boolean {
  const locked = /^VmLck:\s*(\d+) kB$/m.exec(readProc('status'))?.[1];
  return locked === undefined || Number(locked) * 1_024 >= SECURE_HEAP_BYTES;
}

function mayDumpCore(): boolean {
  const limit = /^Max core file size\s+(\S+)/m.exec(readProc('limits'))?.[1];
  return limit !== undefined && limit !== '0';
}

function readProc(name: string): string {
  const path = `/proc/self/${name}`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
