import { existsSync, statSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { CLOCK_TOLERANCE_MS } from '../../pki/clock-tolerance.ts';
import { caFolder, registryPath } from '../../line/state-folder.ts';
import { fail, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** This program is not older; a board without a battery starts in 1970. */
const EARLIEST = Date.UTC(2026, 0, 1);

/** The clock against what must be in the past: this program, the making of the CA, the last write to the registry. */
export function checkClock(stateFolder: string, nowMs: number = Date.now()): Finding {
  const shown = new Date(nowMs).toISOString();
  const past = [['this program', EARLIEST], ...pastOf(stateFolder)] as const;
  const ahead = past.find(([, atMs]) => atMs > nowMs + CLOCK_TOLERANCE_MS);
  if (ahead === undefined) return ok('clock', shown);
  const [what, atMs] = ahead;
  const says = `${shown}, but ${what} is from ${new Date(atMs).toISOString()}: set the clock, because certificates depend on it`;
  return fail('clock', 'signer', says);
}

function pastOf(stateFolder: string): (readonly [what: string, atMs: number])[] {
  const registry = registryPath(stateFolder);
  const directory = caFolder(stateFolder);
  return [
    ...(existsSync(registry) ? [['the registry', statSync(registry).mtimeMs] as const] : []),
    ...(existsSync(directory) ? caTimes(directory) : []),
  ];
}

/** A CA that cannot be read is another check's business. */
function caTimes(directory: string): (readonly [what: string, atMs: number])[] {
  try {
    return readCaChain(directory).map((der) => ['the CA', new X509Certificate(der).validFromDate.getTime()]);
  } catch {
    return [];
  }
}
