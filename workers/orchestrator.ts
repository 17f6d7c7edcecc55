import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { Client } from '@temporalio/client';
import { createRegistryActivities } from '../activities/registry-activities.ts';
import type { RegistryParts } from '../activities/registry-activities.ts';
import { REGISTRY_QUEUE, WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { joinRoles, runWorker } from './role.ts';
import type { Role } from './role.ts';
import { lineDataConverter } from '../temporal/data-converter.ts';
import { SHUTDOWN_GRACE_MS } from '../provisioning/timeouts.ts';
import { temporalWorkStanding } from './temporal-work-standing.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

/** Workflows in the cache of the orchestrator; 600 take about 500 MB. */
const CACHED_WORKFLOWS = 300;

export interface OrchestratorRoleOptions extends Omit<RegistryParts, 'work'> {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** Runs the workflows, and their bookkeeping in the registry. */
export async function startOrchestrator(options: OrchestratorRoleOptions): Promise<Role> {
  const { client, connection, namespace, ...parts } = options;
  const base = {
    connection,
    namespace,
    dataConverter: lineDataConverter(),
    identity: 'orchestrator',
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
  };
  const books = await Worker.create({
    ...base,
    taskQueue: REGISTRY_QUEUE,
    activities: createRegistryActivities({ ...parts, work: temporalWorkStanding(client) }),
  });
  const workflows = await Worker.create({
    ...base,
    taskQueue: WORKFLOW_QUEUE,
    workflowBundle: await bundleWorkflows(),
    maxCachedWorkflows: CACHED_WORKFLOWS,
  });
  return joinRoles([runWorker(workflows), runWorker(books)]);
}
