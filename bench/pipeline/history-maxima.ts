import type { Client } from '@temporalio/client';

/** The largest figures of Temporal's histories of one batch. Sizes in bytes. */
export interface HistoryMaxima {
  /** By kind of workflow: of the longest history, or of one run of a batch that continued as new. */
  readonly events: Readonly<Record<string, number>>;
  readonly largestPayload: Readonly<Record<string, number>>;
}

/** Units whose histories are read: they are alike. */
const UNITS_READ = 100;

/** Reads the histories of a batch and its chunks, and of some of its units. */
export async function historyMaxima(client: Client, batchId: string): Promise<HistoryMaxima> {
  const events: Record<string, number> = {};
  const largestPayload: Record<string, number> = {};
  let unitsRead = 0;
  for await (const { workflowId, runId, type, historyLength } of client.workflow.list({
    query: `ProvBatch="${batchId}"`,
  })) {
    events[type] = Math.max(events[type] ?? 0, historyLength ?? 0);
    if (type === 'unit' && ++unitsRead > UNITS_READ) continue;
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    events[type] = Math.max(events[type], history.events?.length ?? 0);
    largestPayload[type] = Math.max(largestPayload[type] ?? 0, largestIn(history));
  }
  return { events, largestPayload };
}

/** How many children a workflow of the batch has that have not ended, and whose they are. */
export async function pendingChildren(client: Client, batchId: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const query = `ProvBatch="${batchId}" AND ExecutionStatus="Running" AND WorkflowType IN ("batch", "chunk")`;
  for await (const { workflowId, type } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    counts.set(type, Math.max(counts.get(type) ?? 0, raw.pendingChildren?.length ?? 0));
  }
  return counts;
}

/** The size of the largest payload anywhere in it. */
function largestIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  const own =
    'metadata' in value && 'data' in value && value.data instanceof Uint8Array ? value.data.length : 0;
  return Math.max(own, ...Object.values(value).map(largestIn));
}
