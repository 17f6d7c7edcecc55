import { hostname } from 'node:os';
import type { ConnectionLike } from '@temporalio/client';

/** How often a worker of ours reports to the server, milliseconds: a dead one shows after two reports that are missing. */
export const WORKER_HEARTBEAT_MS = 10_000;

/**
 * Two reports are missing, and the third is late: 25 s for a worker of ours, so that a killed one shows within 30 s. Each
 * report says how long ago the one before was; a worker of another version may report once a minute.
 */
const SILENT_REPORTS = 2.5;

/** How long a poll lasts on the server that has no work (`matching.longPollExpirationInterval`). */
const POLL_MS = 60_000;

/** Where the server takes no reports: a worker that is well polls at least once a minute. */
const SILENT_BY_POLL_MS = 150_000;

/** `TASK_QUEUE_TYPE_WORKFLOW` and `TASK_QUEUE_TYPE_ACTIVITY` of temporal.api.enums.v1.TaskQueueType. */
const QUEUE_TYPES = [1, 2];

/** `WORKER_STATUS_RUNNING` of temporal.api.enums.v1.WorkerStatus. */
const RUNNING = 1;

/** Workers of a namespace are listed in pages of this size. */
const PAGE = 200;

/** A worker as the server has last seen it. */
export interface SeenWorker {
  readonly identity: string;
  readonly taskQueue: string;
  readonly lastSeenAt: Date;
  /** It said that it ends. */
  readonly hasStopped: boolean;
  /** If it was last seen so many milliseconds ago, or longer, it is dead or cut off. */
  readonly silentAfterMs: number;
  /** Known where the server takes reports of workers. */
  readonly host?: string;
  readonly pid?: number;
  readonly startedAt?: Date;
}

/**
 * Asks the server for the workers that it has seen: those that report to it, and those that poll these task queues, or one of
 * which a report no longer comes: one that was started again polls before it reports. For each identity, queue and process the
 * last sight. Throws what the connection throws.
 */
export async function workerPresence(
  connection: ConnectionLike,
  namespace: string,
  taskQueues: readonly string[],
): Promise<SeenWorker[]> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  const isReported = namespaceInfo?.capabilities?.workerHeartbeats === true;
  const reporting = isReported ? await reportingWorkers(connection, namespace) : [];
  const silent = reporting.filter((worker) => !isAtWork(worker)).map(({ taskQueue }) => taskQueue);
  const asked = [...new Set([...taskQueues, ...silent])];
  const polling = await Promise.all(asked.map((name) => pollersOf(connection, namespace, name)));
  const last = new Map<string, SeenWorker>();
  for (const worker of reporting) {
    const { identity, taskQueue, host, pid } = worker;
    const key = JSON.stringify([identity, taskQueue, host, pid]);
    last.set(key, later(last.get(key), worker));
  }
  for (const poll of polling.flat()) {
    // A poll does not say which process it is of: it is taken for one of the process that reported last.
    const [key, known] = lastSeenOf(last, poll) ?? [
      JSON.stringify([poll.identity, poll.taskQueue]),
      undefined,
    ];
    if (known !== undefined && isOfAnother(poll, known)) last.set(`${key} later`, poll);
    else if (known === undefined || !isLeftOpen(poll, known)) last.set(key, later(known, poll));
  }
  return [...last.values()];
}

function lastSeenOf(
  seen: ReadonlyMap<string, SeenWorker>,
  { identity, taskQueue }: SeenWorker,
): [string, SeenWorker] | undefined {
  return [...seen]
    .filter(([, worker]) => worker.identity === identity && worker.taskQueue === taskQueue)
    .toSorted(([, one], [, other]) => other.lastSeenAt.getTime() - one.lastSeenAt.getTime())[0];
}

/**
 * Which of these task queues the server does not see this process ask for work on. Until its first report has come, polls
 * under this identity since it began are taken for its own. Throws what the connection throws.
 */
export async function unpolledQueues(
  connection: ConnectionLike,
  namespace: string,
  { identity, taskQueues }: { readonly identity: string; readonly taskQueues: readonly string[] },
): Promise<string[]> {
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace });
  const isReported = namespaceInfo?.capabilities?.workerHeartbeats === true;
  const reports = isReported ? await reportingWorkers(connection, namespace) : [];
  const begunAt = Date.now() - process.uptime() * 1_000;
  const isPolled = async (queue: string): Promise<boolean> => {
    const own = reports.filter(
      ({ taskQueue, host, pid }) => taskQueue === queue && host === hostname() && pid === process.pid,
    );
    if (own.length > 0) return own.some(isAtWork);
    const polls = await pollersOf(connection, namespace, queue);
    return polls.some((poll) => poll.identity === identity && poll.lastSeenAt.getTime() >= begunAt);
  };
  const polled = await Promise.all(taskQueues.map(isPolled));
  return taskQueues.filter((_, index) => polled[index] === false);
}

/**
 * Of workers that are alike, those of this host. Where none of them reports, nobody knows which those are: then all of them, by their
 * polls.
 */
export function ofThisHost(workers: readonly SeenWorker[]): readonly SeenWorker[] {
  const reporting = workers.filter(({ host }) => host !== undefined);
  return reporting.length > 0 ? reporting.filter(({ host }) => host === hostname()) : workers;
}

/** Whether it reports, or polls, as one does that is well. */
export function isAtWork({ hasStopped, lastSeenAt, silentAfterMs }: SeenWorker): boolean {
  return !hasStopped && Date.now() - lastSeenAt.getTime() < silentAfterMs;
}

/**
 * Whether a poll that came when the reports had already ended is of another process, started in the place of the one that reported,
 * whose first report is still to come: only its poll counts.
 */
function isOfAnother(poll: SeenWorker, known: SeenWorker): boolean {
  return isAfterReports(poll, known) && !isLeftOpen(poll, known);
}

/**
 * Whether a poll may be one that was open when its process stopped without a word: its host sleeps, has no power or no network, so its
 * connection is not closed. The server sees such a poll once more when it ends, up to a minute later.
 */
function isLeftOpen(poll: SeenWorker, known: SeenWorker): boolean {
  return !known.hasStopped && isAfterReports(poll, known) && !isAfterReports(poll, known, POLL_MS);
}

function isAfterReports(
  poll: SeenWorker,
  { host, lastSeenAt, silentAfterMs }: SeenWorker,
  furtherMs = 0,
): boolean {
  return host !== undefined && poll.lastSeenAt.getTime() - lastSeenAt.getTime() > silentAfterMs + furtherMs;
}

/**
 * Of two sights of a worker, the later one. Only a report has the host, and shows within seconds that its worker is
 * dead, so it counts beside a later poll.
 */
function later(known: SeenWorker | undefined, worker: SeenWorker): SeenWorker {
  if (known === undefined) return worker;
  const [first, second] = known.lastSeenAt <= worker.lastSeenAt ? [known, worker] : [worker, known];
  const silentAfterMs = Math.min(known.silentAfterMs, worker.silentAfterMs);
  return { ...first, ...second, silentAfterMs };
}

async function reportingWorkers(connection: ConnectionLike, namespace: string): Promise<SeenWorker[]> {
  const workers: SeenWorker[] = [];
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const page = await connection.workflowService.listWorkers({ namespace, pageSize: PAGE, nextPageToken });
    for (const { workerHeartbeat } of page.workersInfo ?? []) {
      const {
        workerIdentity,
        taskQueue,
        startTime,
        heartbeatTime,
        status,
        hostInfo,
        elapsedSinceLastHeartbeat,
      } = workerHeartbeat ?? {};
      if (!workerIdentity || !taskQueue || !heartbeatTime) continue;
      workers.push({
        identity: workerIdentity,
        taskQueue,
        lastSeenAt: timeOf(heartbeatTime),
        hasStopped: Number(status) > RUNNING,
        silentAfterMs: silenceOf(elapsedSinceLastHeartbeat),
        host: hostInfo?.hostName ?? '',
        pid: Number(hostInfo?.processId),
        startedAt: timeOf(startTime ?? heartbeatTime),
      });
    }
    nextPageToken = page.nextPageToken ?? new Uint8Array();
  } while (nextPageToken.length > 0);
  return workers;
}

async function pollersOf(connection: ConnectionLike, namespace: string, name: string): Promise<SeenWorker[]> {
  const found = await Promise.all(
    QUEUE_TYPES.map(async (taskQueueType) => {
      const { pollers } = await connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in no package that is ours to import
        taskQueueType,
      });
      return pollers ?? [];
    }),
  );
  return found.flat().map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    taskQueue: name,
    lastSeenAt: timeOf(lastAccessTime ?? {}),
    hasStopped: false,
    silentAfterMs: SILENT_BY_POLL_MS,
  }));
}

function silenceOf(pause: { seconds?: unknown; nanos?: number | null } | null | undefined): number {
  const pauseMs = timeOf(pause ?? {}).getTime();
  // The first report of a worker says nothing of its pace: it is taken for one of ours. A report of ours that comes late on a
  // busy host must not make its silence longer.
  const reports = Math.max(1, Math.floor(pauseMs / WORKER_HEARTBEAT_MS));
  return SILENT_REPORTS * reports * WORKER_HEARTBEAT_MS;
}

/** Milliseconds are enough. */
function timeOf({ seconds, nanos }: { seconds?: unknown; nanos?: number | null }): Date {
  return new Date(Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1e6));
}
