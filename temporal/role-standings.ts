import type { Client } from '@temporalio/client';
import { REGISTRY_QUEUE, SIGNER_QUEUE, WORKFLOW_QUEUE, stationQueue } from '../provisioning/task-queues.ts';
import { lostProcesses, quietest } from './lost-processes.ts';
import { isAtWork, workerPresence } from './worker-presence.ts';
import type { SeenWorker } from './worker-presence.ts';

/**
 * A role of the line as Temporal sees it. `polling`: it asks for work; `silent`: it did, and does no longer; `stopped`: it
 * said that it ends; `unseen`: the server has not seen it of late.
 */
export interface RoleStanding {
  /** `orchestrator`, `signer`, `intake`, or `station <id>`. */
  readonly role: string;
  readonly state: 'polling' | 'silent' | 'stopped' | 'unseen';
  readonly lastSeenAt?: string;
  /** Since it was last seen. */
  readonly silentSeconds?: number;
  /** Known where the server takes reports of workers. */
  readonly host?: string;
  readonly pid?: number;
  /** One of several processes of its role, which is lost while another one works or was seen later. */
  readonly isFurther?: true;
}

const STATION = stationQueue('');

/**
 * How orchestrator, signer, these stations and all others that the server has seen stand, and the intake, which works in
 * the orchestrator; behind each, the processes of it that are lost. Throws what the client throws.
 */
export async function roleStandings(client: Client, stations: readonly string[]): Promise<RoleStanding[]> {
  const queues = [WORKFLOW_QUEUE, REGISTRY_QUEUE, SIGNER_QUEUE, ...stations.map(stationQueue)];
  const workers = await workerPresence(client.connection, client.options.namespace, queues);
  const seen = workers.flatMap(({ taskQueue }) =>
    taskQueue.startsWith(STATION) ? [taskQueue.slice(STATION.length)] : [],
  );
  const [orchestrator, ...further] = standings('orchestrator', [WORKFLOW_QUEUE, REGISTRY_QUEUE], workers);
  const all = [...new Set([...stations, ...seen])].toSorted();
  return [
    orchestrator,
    ...further,
    { ...orchestrator, role: 'intake' },
    ...standings('signer', [SIGNER_QUEUE], workers),
    ...all.flatMap((id) => standings(`station ${id}`, [stationQueue(id)], workers)),
  ];
}

/** One sentence for a role that does no work; undefined for one that does. */
export function troubleOfRole({ role, state, silentSeconds, host, pid }: RoleStanding): string | undefined {
  const where = host === undefined ? '' : ` (last on host ${host}, pid ${pid})`;
  switch (state) {
    case 'polling':
      return undefined;
    case 'silent':
      return `has been silent for ${silentSeconds} s${where}: see whether its host and its process run, and start it again`;
    case 'stopped':
      return `was stopped ${silentSeconds} s ago${where}: start it again`;
    case 'unseen':
      return `does not run: start ${role === 'intake' ? 'the orchestrator' : 'it'} on its host`;
  }
}

/** How a role stands as a whole, and its processes that are lost. */
function standings(
  role: string,
  queues: readonly string[],
  workers: readonly SeenWorker[],
): [RoleStanding, ...RoleStanding[]] {
  const its = workers.filter(({ taskQueue }) => queues.includes(taskQueue));
  const whole = standing(role, queues, its);
  const further = lostProcesses(its)
    .map((worker) => standingOf(role, worker))
    .filter(({ host, pid }) => whole.state === 'polling' || host !== whole.host || pid !== whole.pid);
  return [whole, ...further.map((each) => ({ ...each, isFurther: true as const }))];
}

/** A role that works on several queues stands as the worse of them. */
function standing(role: string, queues: readonly string[], workers: readonly SeenWorker[]): RoleStanding {
  const last = queues.map((queue) => lastOf(workers.filter(({ taskQueue }) => taskQueue === queue)));
  if (last.some((worker) => worker === undefined)) return { role, state: 'unseen' };
  return standingOf(role, quietest(last as SeenWorker[])!);
}

function standingOf(role: string, worker: SeenWorker): RoleStanding {
  const { lastSeenAt, hasStopped, host, pid } = worker;
  const silentMs = Math.max(0, Date.now() - lastSeenAt.getTime());
  const silent = isAtWork(worker) ? 'polling' : 'silent';
  return {
    role,
    state: hasStopped ? 'stopped' : silent,
    lastSeenAt: lastSeenAt.toISOString(),
    silentSeconds: Math.floor(silentMs / 1_000),
    ...(host !== undefined && { host, pid: pid! }),
  };
}

/** The worker that was seen last, of those at work if there are any: one that was started again takes the place of one that died. */
function lastOf(workers: readonly SeenWorker[]): SeenWorker | undefined {
  const living = workers.filter(isAtWork);
  return (living.length > 0 ? living : workers).toSorted(
    (a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime(),
  )[0];
}
