import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

/** A process that has a port open. */
export interface PortHolder {
  readonly pid: number;
  /** Name and arguments, at most 80 characters. */
  readonly command: string;
  readonly isCertline: boolean;
}

/**
 * Which other process has the device file open, by /proc: of one's own processes, or of all for root. Undefined where
 * it is unknown, which is always so on systems other than Linux.
 */
export function holderOf(port: string): PortHolder | undefined {
  const device = realpathSync(port);
  for (const name of listing('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (listing(`/proc/${name}/fd`).some((fd) => target(`/proc/${name}/fd/${fd}`) === device))
      return holder(pid);
  }
  return undefined;
}

function holder(pid: number): PortHolder {
  const words = contents(`/proc/${pid}/cmdline`)
    .split('\0')
    .filter((word) => word !== '');
  const isCertline = words.some((word) => /(?:^|\/)certline(?:\.ts)?$/.test(word));
  return { pid, command: words.join(' ').slice(0, 80), isCertline };
}

/** Processes come and go while one looks, and others' are not to be looked into: neither is an error. */
function listing(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function target(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
