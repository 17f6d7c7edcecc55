import { continueAsNew, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { deviceRegistryWorkflowId } from '../../provisioning/outbox-drain.ts';
import type { DrainInput, OutboxActivities } from '../../provisioning/outbox-drain.ts';
import { REGISTRY_QUEUE } from '../../provisioning/task-queues.ts';
import { DRAIN_HEARTBEAT_MS, DRAIN_LIMIT_MS, RETRY_PAUSE_MS } from '../../provisioning/timeouts.ts';
import { bookkeepingOf } from '../checked-answers.ts';
import { mustHaveId } from '../right-id.ts';
import { drainDetails } from '../details/drain-details.ts';

const { drainOutbox } = bookkeepingOf(
  proxyActivities<OutboxActivities>({
    taskQueue: REGISTRY_QUEUE,
    startToCloseTimeout: DRAIN_LIMIT_MS,
    heartbeatTimeout: DRAIN_HEARTBEAT_MS,
    retry: { initialInterval: RETRY_PAUSE_MS.first, maximumInterval: RETRY_PAUSE_MS.longest },
  }),
);

/** Drains the outbox of a device registry, one drain after the other, for as long as the configuration has it. */
export async function deviceRegistry(input: DrainInput): Promise<void> {
  mustHaveId(deviceRegistryWorkflowId(input.registry));
  for (;;) {
    const report = await drainOutbox(input);
    setCurrentDetails(drainDetails(input.registry, report));
    if (!report.isConfigured) return;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof deviceRegistry>(input);
  }
}
