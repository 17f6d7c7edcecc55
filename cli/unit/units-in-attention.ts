import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { SearchAttributeName } from '../../provisioning/search-attributes.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import { printable } from '../../provisioning/printable.ts';
import { isSerial } from '../../provisioning/serial-number.ts';
import { isShellWord } from '../terminal/shell-word.ts';
import { batchStanding } from '../batch/batch-standing.ts';
import type { ListedUnit } from './list-units.ts';
import { retryCommand } from './retry-command.ts';

const attribute = (name: SearchAttributeName): SearchAttributeName => name;

/** Types of the workflow of a unit: at first, and in a rework. */
const UNIT_WORKFLOWS: ReadonlySet<string> = new Set(['unit', 'reworkUnit']);

/**
 * The units that wait for a decision, in all batches or in one, by search attribute. Units of a chunk that the signer
 * refuses to release have no workflow yet: their batch names them. Throws what the client throws.
 */
export async function unitsInAttention(client: Client, batch: string | undefined): Promise<ListedUnit[]> {
  const waiting = `${attribute('ProvStatus')} = '${UNIT_STATUS.attention}' AND ExecutionStatus = 'Running'`;
  const ofBatch =
    batch === undefined ? '' : ` AND ${attribute('ProvBatch')} = '${batch.replaceAll("'", "''")}'`;
  const units: ListedUnit[] = [];
  const refusedBatches = new Set<string>();
  for await (const workflow of client.workflow.list({ query: waiting + ofBatch })) {
    const batchId = textOf(workflow, 'ProvBatch');
    // Anybody can start a workflow that says this of itself.
    if (!isShellWord(batchId)) continue;
    if (!UNIT_WORKFLOWS.has(workflow.type)) refusedBatches.add(batchId);
    else if (isSerial(textOf(workflow, 'ProvSerial'))) units.push(await listed(client, workflow));
  }
  for (const batchId of refusedBatches) units.push(...(await refusedUnits(client, batchId, units)));
  return units;
}

async function listed(client: Client, workflow: WorkflowExecutionInfo): Promise<ListedUnit> {
  const serial = textOf(workflow, 'ProvSerial');
  const stationId = textOf(workflow, 'ProvStation');
  const since = await lastEventTime(client, workflow);
  return {
    serial,
    batchId: textOf(workflow, 'ProvBatch'),
    code: textOf(workflow, 'ProvError'),
    step: textOf(workflow, 'ProvStep'),
    ...(stationId !== '' && { stationId }),
    ...(since !== undefined && { since }),
    command: `certline unit retry ${serial}`,
  };
}

/** A unit that waits writes nothing into its history: its last event is when it began to wait. */
async function lastEventTime(
  client: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<string | undefined> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const seconds = history?.events?.[0]?.eventTime?.seconds;
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1_000).toISOString();
}

async function refusedUnits(
  client: Client,
  batchId: string,
  begun: readonly ListedUnit[],
): Promise<ListedUnit[]> {
  const { progress } = await batchStanding(client, batchId);
  const known = new Set(begun.map(({ serial }) => serial));
  const refused = (progress?.attention ?? []).filter(({ serial }) => isSerial(serial) && !known.has(serial));
  return refused.map(({ serial, code, step }) => ({
    serial,
    batchId,
    code,
    step,
    command: retryCommand({ serial, batchId, step, hasBegun: false }),
  }));
}

function textOf({ searchAttributes }: WorkflowExecutionInfo, name: SearchAttributeName): string {
  return printable(String(searchAttributes?.[name]?.[0] ?? ''));
}
