import { Connection } from '@temporalio/client';
import { externalConfiguration } from '../temporal/server/external-server.ts';

/** `TASK_QUEUE_TYPE_ACTIVITY` of temporal.api.enums.v1.TaskQueueType: every role runs activities. */
const ACTIVITY = 2;
/** A worker that is well asks for work at least once a minute: that is how long one long poll lasts. */
const SILENT_MS = 150_000;

/**
 * The health check of a role's container: exits with 0 if Temporal has lately seen a worker of this identity ask for
 * work on this task queue, else with 1 and a sentence.
 */
async function checkRole(taskQueue: string, identity: string): Promise<string | undefined> {
  const { connectionOptions, namespace } = externalConfiguration(process.env) ?? {};
  if (connectionOptions === undefined) return 'TEMPORAL_ADDRESS is not set';
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10 seconds' });
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: namespace ?? 'default',
      taskQueue: { name: taskQueue },
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in no package that is ours to import
      taskQueueType: ACTIVITY,
    });
    const seen = pollers?.filter((poller) => poller.identity === identity) ?? [];
    const ages = seen.map(({ lastAccessTime }) => Date.now() - Number(lastAccessTime?.seconds) * 1000);
    if (ages.some((ageMs) => ageMs < SILENT_MS)) return undefined;
    return `no worker "${identity}" has asked for work on ${taskQueue} lately`;
  } finally {
    await connection.close();
  }
}

const [taskQueue = '', identity = ''] = process.argv.slice(2);
const fault = await checkRole(taskQueue, identity).catch((error: Error) => error.message);
if (fault !== undefined) {
  process.stderr.write(`${fault}\n`);
  process.exitCode = 1;
}
