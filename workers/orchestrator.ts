import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { createOutboxActivities } from '../activities/outbox-activities.ts';
import { createRegistryActivities } from '../activities/registry-activities.ts';
import type { RegistryParts } from '../activities/registry-activities.ts';
import type { ConfiguredRegistry } from '../registry/outbox/configured-registry.ts';
import { DRAIN_WORKFLOW, deviceRegistryWorkflowId } from '../provisioning/outbox-drain.ts';
import type { DrainInput } from '../provisioning/outbox-drain.ts';
import { REGISTRY_QUEUE, WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { monitorPolling } from './monitor-connection.ts';
import { every } from './periodic-role.ts';
import { joinRoles, runWorker } from './role.ts';
import type { Role } from './role.ts';
import { lineDataConverter } from '../temporal/data-converter.ts';
import type { ServerConnections } from '../temporal/server-connections.ts';
import { SHUTDOWN_GRACE_MS } from '../provisioning/timeouts.ts';
import { stepMeter } from './step-meter.ts';
import { watchStore } from './store-watch.ts';
import { unitEnds } from './unit-ends.ts';
import { temporalWorkStanding } from './temporal-work-standing.ts';
import { workflowBundle } from './workflow-bundle.ts';

const IDENTITY = 'orchestrator';

/** Somebody may end the workflow of a device registry in Temporal. */
const DRAIN_LOOK_PAUSE_MS = 10_000;

/** Workflows in the cache of the orchestrator; 600 take about 500 MB. */
const CACHED_WORKFLOWS = 300;

export interface OrchestratorRoleOptions extends Omit<RegistryParts, 'work' | 'ends'> {
  readonly client: Client;
  readonly connections: ServerConnections;
  readonly namespace: string;
  readonly monitor: Monitor;
  readonly log: Logger;
}

/** Runs the workflows, and their bookkeeping in the registry. */
export async function startOrchestrator(options: OrchestratorRoleOptions): Promise<Role> {
  const { client, connections, namespace, deviceRegistries, monitor, log, ...parts } = options;
  const connection = await connections.openForWorkers();
  const stopping = new AbortController();
  const outbox = { outbox: parts.registry.outbox, deviceRegistries, stopping: stopping.signal };
  const base = {
    namespace,
    dataConverter: lineDataConverter(),
    identity: IDENTITY,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
  };
  const books = await connection.createWorker({
    ...base,
    taskQueue: REGISTRY_QUEUE,
    interceptors: stepMeter(monitor.metrics),
    activities: {
      ...createRegistryActivities({
        ...parts,
        deviceRegistries,
        work: temporalWorkStanding(client),
        ends: unitEnds(monitor.metrics, log),
      }),
      ...createOutboxActivities(outbox),
    },
  });
  const workflows = await connection.createWorker({
    ...base,
    taskQueue: WORKFLOW_QUEUE,
    workflowBundle: await workflowBundle(),
    maxCachedWorkflows: CACHED_WORKFLOWS,
  });
  for (const { registry } of deviceRegistries) await startDrain(client, registry.name);
  const roles = joinRoles([
    keepDrains(client, deviceRegistries, log),
    runWorker(workflows),
    runWorker(books),
    watchStore(
      {
        name: 'registry',
        code: 'REGISTRY_UNAVAILABLE',
        assertWritable: () => parts.registry.assertWritable(),
      },
      client,
      log,
    ),
  ]);
  monitorPolling(monitor, client, { identity: IDENTITY, taskQueues: [WORKFLOW_QUEUE, REGISTRY_QUEUE] });
  return {
    ended: roles.ended,
    stop: async () => {
      // The workers take no new task from here on, so no drain begins again.
      const stopped = roles.stop();
      stopping.abort();
      await stopped;
      for (const { registry } of deviceRegistries) await registry.close();
    },
  };
}

/** Without its drain, no lot of a device registry would ever close: one that somebody terminated is started again. */
function keepDrains(client: Client, deviceRegistries: readonly ConfiguredRegistry[], log: Logger): Role {
  const duties = deviceRegistries.map(({ registry: { name } }) => ({
    run: () => startDrain(client, name),
    failed: `whether the workflow of the device registry ${name} runs is not known; the next look comes`,
  }));
  return every(DRAIN_LOOK_PAUSE_MS, duties, log);
}

/** The drain of a device registry runs for as long as the line has it, whichever orchestrator started it. */
async function startDrain(client: Client, registry: string): Promise<void> {
  await client.workflow.start<(input: DrainInput) => Promise<void>>(DRAIN_WORKFLOW, {
    workflowId: deviceRegistryWorkflowId(registry),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ registry }],
    staticSummary: `What the registry ${registry} must yet have`,
  });
}
