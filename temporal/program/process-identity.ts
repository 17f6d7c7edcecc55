import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { errnoOf } from '../../disk/errno.ts';

/**
 * A process that cannot be mistaken for a later one with the same number. `startedAt` is opaque text: on Linux the
 * boot id and the start in clock ticks, elsewhere the start date that `ps` prints. Pid 1 is never a child of ours; 0
 * and negative numbers mean process groups.
 */
export const processIdentity = z.object({ pid: z.int().min(2), startedAt: z.string() }).readonly();

/** See {@link processIdentity}. */
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** The identity of the living process with this number; `undefined` if there is none, or only a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? linuxStart(pid) : psStart(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/**
 * Asks the process to end (SIGTERM), waits up to `graceMs`, then ends it (SIGKILL) and waits until it is gone. Does
 * nothing to another process that has the same number by now.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  sendSignal(identity, 'SIGTERM');
  const killAt = Date.now() + graceMs;
  while (isRunning(identity)) {
    if (Date.now() >= killAt) sendSignal(identity, 'SIGKILL');
    await delay(20);
  }
}

/** Sends a signal to exactly this process; a process that has gone is no error. */
export function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** proc(5): field 22 of `stat` is the start time; the name in field 2 may hold spaces and parentheses. */
function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function psStart(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.slice(line.indexOf(' ')).trim();
  } catch {
    return undefined;
  }
}
