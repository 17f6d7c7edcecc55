import { openClientConnection } from '../temporal/server/client-connection.ts';
import { externalConfiguration } from '../temporal/server/external-configuration.ts';
import { isAtWork, ofThisHost, workerPresence } from '../temporal/worker-presence.ts';

/**
 * The health check of a role's container: exits with 0 if Temporal has lately seen a worker of this identity on this task
 * queue, else with 1 and a sentence. Another container of the role has the same identity, and another host name.
 */
async function checkRole(taskQueue: string, identity: string): Promise<string | undefined> {
  const chosen = externalConfiguration(process.env);
  if (chosen === undefined)
    return 'TEMPORAL_ADDRESS is not set: set it to the address of the Temporal server';
  const { connectionOptions, namespace } = chosen;
  const connection = await openClientConnection(connectionOptions, 10_000);
  try {
    const workers = await workerPresence(connection, namespace, [taskQueue]);
    const seen = workers.filter((worker) => worker.identity === identity && worker.taskQueue === taskQueue);
    const isWell = ofThisHost(seen).some(isAtWork);
    return isWell
      ? undefined
      : `the worker "${identity}" has not asked for work on ${taskQueue} lately: read its log`;
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
