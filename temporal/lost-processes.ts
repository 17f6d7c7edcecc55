import { isAtWork } from './worker-presence.ts';
import type { SeenWorker } from './worker-presence.ts';

/** A process with its workers of one role. */
interface RoleProcess {
  readonly workers: readonly SeenWorker[];
  readonly host: string | undefined;
  readonly startedMs: number;
  /** When it was last known to live. */
  readonly aliveMs: number;
}

/**
 * Of each process of a role that fell silent without saying that it ends, and in whose place none was started, the worker that has been
 * silent for the longest. A process that started after another was last seen takes its place, on the same host if it can, and
 * the place of one only: of two that died, one that came back leaves one.
 */
export function lostProcesses(workers: readonly SeenWorker[]): SeenWorker[] {
  const processes = processesOf(workers);
  const left = new Set(processes.filter(isLost).toSorted((one, other) => other.aliveMs - one.aliveMs));
  for (const { host, startedMs } of processes.toSorted((one, other) => one.startedMs - other.startedMs)) {
    const earlier = [...left].filter(({ aliveMs }) => aliveMs < startedMs);
    const replaced = earlier.find((process) => process.host === host) ?? earlier[0];
    if (replaced !== undefined) left.delete(replaced);
  }
  return [...left].flatMap((process) => quietest(process.workers) ?? []);
}

/** Of several workers the one that was seen the longest ago. */
export function quietest(workers: readonly SeenWorker[]): SeenWorker | undefined {
  return workers.toSorted((one, other) => one.lastSeenAt.getTime() - other.lastSeenAt.getTime())[0];
}

function processesOf(workers: readonly SeenWorker[]): RoleProcess[] {
  const byProcess = Map.groupBy(workers, ({ host, pid }) => `${pid} ${host}`);
  return [...byProcess.values()].map((its) => ({
    workers: its,
    host: its[0]!.host,
    // Of a process that is known by its polls alone nothing else is known.
    startedMs: Math.min(...its.map(({ startedAt, lastSeenAt }) => (startedAt ?? lastSeenAt).getTime())),
    aliveMs: Math.max(...its.map(({ lastSeenAt }) => lastSeenAt.getTime())),
  }));
}

function isLost({ workers, host }: RoleProcess): boolean {
  if (host === undefined || workers.some(({ hasStopped }) => hasStopped)) return false;
  return !workers.every(isAtWork);
}
