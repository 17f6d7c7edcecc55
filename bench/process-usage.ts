import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** proc(5): times are in clock ticks, sizes in pages. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU time and memory of a process so far; Linux only. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssMiB: number;
}

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuMs: (ticks * 1_000) / TICKS_PER_SECOND, rssMiB: Number(rss) / 1_024 };
}
