import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { Lot } from './buttons.ts';

/** Between two looks at a lot that is to end. */
const PAUSE_MS = 500;
/** A batch that was just recovered needs a moment. */
const RECOVER_PAUSE_MS = 5_000;

/** Ends a lot as ops would: broken batches are recovered, units that wait are decided about. Returns why it does not end. */
export async function settle(lot: Lot, patienceMs: number): Promise<string[]> {
  const limit = Date.now() + patienceMs;
  let recoveredAt = 0;
  while (Date.now() < limit) {
    if (await lotIsQuiet(lot)) return [];
    const status = await statusOf(lot, batchWorkflowId(lot.batchId));
    if (
      status !== 'RUNNING' &&
      Date.now() - recoveredAt > RECOVER_PAUSE_MS &&
      (status !== 'COMPLETED' || !isClosed(lot))
    ) {
      recover(lot);
      recoveredAt = Date.now();
    }
    await decide(lot);
    await sleep(PAUSE_MS);
  }
  return [`${lot.batchId} does not end: ${JSON.stringify(await standing(lot))}`];
}

/** The batch is closed, none of its workflows runs, and none of its units holds a socket. */
export async function lotIsQuiet(lot: Lot): Promise<boolean> {
  if (!isClosed(lot)) return false;
  const query = `ProvBatch = '${lot.batchId}' AND ExecutionStatus = 'Running'`;
  const ids = [batchWorkflowId(lot.batchId), ...lot.serials.map(unitWorkflowId)];
  for await (const { workflowId } of lot.client.workflow.list({ query })) ids.push(workflowId);
  for (const id of new Set(ids)) if ((await statusOf(lot, id)) === 'RUNNING') return false;
  const held = lot.rig.places.books.flatMap((path) =>
    rowsOf<{ serial: string }>(path, `SELECT serial FROM board WHERE phase = 'keyed'`),
  );
  return !held.some(({ serial }) => lot.serials.includes(serial));
}

function isClosed({ rig, batchId }: Lot): boolean {
  const sql = `SELECT 1 FROM batches WHERE batch_id = '${batchId}' AND state = 'closed'`;
  return rowsOf(rig.places.registry, sql).length === 1;
}

async function statusOf({ client }: Lot, workflowId: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT FOUND';
    throw error;
  }
}

function recover({ rig, batchId }: Lot): void {
  try {
    rig.certline('orchestrator', 'batch', 'recover', batchId, '--reason', 'pressed', '--yes');
  } catch {
    // It runs already, or was reset meanwhile.
  }
}

/** Mostly retries: a board in eight is bad. */
async function decide({ client, rig, random, batchId }: Lot): Promise<void> {
  const sql = `SELECT serial, attempts FROM units WHERE batch_id = '${batchId}' AND attention = 1`;
  for (const { serial, attempts } of rowsOf<{ serial: string; attempts: number }>(rig.places.registry, sql)) {
    const verdict = attempts < 4 && random.chance(0.7) ? 'retry' : random.pick(['skip', 'scrap']);
    await client.workflow
      .getHandle(unitWorkflowId(serial))
      .executeUpdate(verdict, { args: [{ reason: 'settled' }] })
      .catch(() => undefined);
  }
}

async function standing(lot: Lot): Promise<object> {
  const units = rowsOf<{ serial: string }>(
    lot.rig.places.registry,
    `SELECT serial, outcome, attention, code, step, attempts FROM units WHERE batch_id = '${lot.batchId}'`,
  );
  const batch = await statusOf(lot, batchWorkflowId(lot.batchId));
  const open = [];
  for (const unit of units) {
    const status = await statusOf(lot, unitWorkflowId(unit.serial));
    if (status === 'RUNNING') open.push({ ...unit, status });
  }
  return {
    batch,
    chunk: await statusOf(lot, `${batchWorkflowId(lot.batchId)}/chunk-00001`),
    open,
    units: units.length,
  };
}
