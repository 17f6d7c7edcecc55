import { setTimeout as sleep } from 'node:timers/promises';
import {
  batchWorkflowId,
  reworkWorkflowId,
  runIdOf,
  unitWorkflowId,
} from '../../provisioning/workflow-ids.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import { isPaused, unpauseAll } from './buttons.ts';
import { recordOf, reworksOf, statusOf } from './lot.ts';
import type { Lot } from './lot.ts';
import { bringBoards } from './returned-boards.ts';

/** Between two looks at a lot that is to end. */
const PAUSE_MS = 500;
/** What was just recovered needs a moment. */
const RECOVER_PAUSE_MS = 5_000;
/** A lot that changes all the time and never ends is at fault as well: after so many times the patience. */
const AT_MOST = 5;

/**
 * Ends a lot as ops would: what is paused continues, what is broken is recovered, boards that a rework wants are brought, and units
 * that wait are decided about. Returns why it does not end: nothing changed for `patienceMs`, or it changes for ever.
 */
export async function settle(lot: Lot, patienceMs: number): Promise<string[]> {
  const startedAt = Date.now();
  let changedAt = startedAt;
  let seen = '';
  const recoveredAt = new Map<string, number>();
  const once = async (what: string, repair: () => Promise<unknown>): Promise<void> => {
    if (Date.now() - (recoveredAt.get(what) ?? 0) < RECOVER_PAUSE_MS) return;
    recoveredAt.set(what, Date.now());
    // It runs already, or was reset meanwhile.
    await repair().catch(() => undefined);
  };
  while (Date.now() < Math.min(changedAt + patienceMs, startedAt + AT_MOST * patienceMs)) {
    if (await lotIsQuiet(lot)) return [];
    const now = JSON.stringify([unitsOf(lot), runsOf(lot), reworksOf(lot)]);
    if (now !== seen) changedAt = Date.now();
    seen = now;
    await resume(lot, once);
    await recover(lot, once);
    await unpauseAll(lot);
    bringBoards(lot);
    await decide(lot);
    await sleep(PAUSE_MS);
  }
  return [`${lot.batchId} does not end: ${JSON.stringify(await standing(lot))}`];
}

type Once = (what: string, recover: () => Promise<unknown>) => Promise<void>;

const SAID = ['--reason', 'settled', '--by', 'A. Berg'];

async function resume(lot: Lot, once: Once): Promise<void> {
  if (!isPaused(lot)) return;
  await once('pause', () => lot.rig.runCertline('orchestrator', 'batch', 'resume', lot.batchId, ...SAID));
}

async function recover(lot: Lot, once: Once): Promise<void> {
  const { rig } = lot;
  for (const { runId, isOpen } of runsOf(lot)) {
    const status = await statusOf(lot, batchWorkflowId(runId));
    if (status === 'RUNNING' || (status === 'COMPLETED' && !isOpen)) continue;
    if (!isOpen && isClosed(lot)) continue;
    await once(runId, () => rig.runCertline('orchestrator', 'batch', 'recover', runId, '--yes', ...SAID));
  }
  const open = reworksOf(lot).filter(({ endedAt }) => endedAt === null);
  for (const id of new Set(open.map(({ reworkId }) => reworkId)))
    if ((await statusOf(lot, reworkWorkflowId(id))) !== 'RUNNING')
      await once(id, () => rig.runCertline('orchestrator', 'rework', 'recover', id, '--yes', ...SAID));
}

/** The batch is closed, none of its workflows runs, none of its units is in a rework or holds a socket, and its result is written. */
export async function lotIsQuiet(lot: Lot): Promise<boolean> {
  if (!isClosed(lot)) return false;
  const reworks = reworksOf(lot);
  if (reworks.some(({ endedAt }) => endedAt === null)) return false;
  const query = `ProvBatch = '${lot.batchId}' AND ExecutionStatus = 'Running'`;
  const ids = [
    ...runsOf(lot).map(({ runId }) => batchWorkflowId(runId)),
    ...lot.serials.map(unitWorkflowId),
    ...reworks.map(({ reworkId }) => reworkWorkflowId(reworkId)),
  ];
  for await (const { workflowId } of lot.client.workflow.list({ query })) ids.push(workflowId);
  for (const id of new Set(ids)) if ((await statusOf(lot, id)) === 'RUNNING') return false;
  const held = lot.rig.places.books.flatMap((path) =>
    rowsOf<{ serial: string }>(path, `SELECT serial FROM board WHERE phase = 'keyed'`),
  );
  if (held.some(({ serial }) => lot.serials.includes(serial))) return false;
  return !answersAreLate(lot);
}

/** Where a rework was terminated, the line sees to the result a minute later. */
function answersAreLate(lot: Lot): boolean {
  const sql = 'SELECT 1 FROM batches WHERE batch_id = $batch AND answer_changes > answers_written';
  return recordOf(lot, sql).length === 1;
}

function isClosed(lot: Lot): boolean {
  return recordOf(lot, `SELECT 1 FROM batches WHERE batch_id = $batch AND state = 'closed'`).length === 1;
}

/** The first run of the batch, and its supplements. */
function runsOf(lot: Lot): { runId: string; isOpen: boolean }[] {
  const sql = `SELECT NULL AS number, closed_at AS closedAt FROM batches WHERE batch_id = $batch
    UNION ALL SELECT number, closed_at FROM supplements WHERE batch_id = $batch`;
  return recordOf<{ number: number | null; closedAt: string | null }>(lot, sql).map(
    ({ number, closedAt }) => ({
      runId: runIdOf(lot.batchId, number ?? undefined),
      isOpen: closedAt === null,
    }),
  );
}

/** Mostly retries: a board in eight is bad. */
async function decide(lot: Lot): Promise<void> {
  const { client, random } = lot;
  const waiting = recordOf<{ serial: string; attempts: number }>(
    lot,
    `SELECT serial, attempts FROM units WHERE batch_id = $batch AND (attention = 1 OR unit_id IN (
       SELECT unit_id FROM rework_units WHERE attention = 1 AND ended_at IS NULL))`,
  );
  for (const { serial, attempts } of waiting) {
    const verdict = attempts < 4 && random.chance(0.7) ? 'retry' : random.pick(['skip', 'scrap']);
    await client.workflow
      .getHandle(unitWorkflowId(serial))
      .executeUpdate(verdict, { args: [{ reason: 'settled' }] })
      .catch(() => undefined);
  }
}

function unitsOf(lot: Lot): { serial: string }[] {
  const sql = `SELECT serial, outcome, attention, code, attempts, supplement FROM units WHERE batch_id = $batch`;
  return recordOf<{ serial: string }>(lot, sql);
}

async function standing(lot: Lot): Promise<object> {
  const units = unitsOf(lot);
  const open = [];
  for (const unit of units) {
    const status = await statusOf(lot, unitWorkflowId(unit.serial));
    if (status === 'RUNNING') open.push({ ...unit, status });
  }
  const runs = [];
  for (const run of runsOf(lot))
    runs.push({ ...run, status: await statusOf(lot, batchWorkflowId(run.runId)) });
  const reworks = reworksOf(lot).filter(({ endedAt }) => endedAt === null);
  return { runs, open, reworks, units: units.length, isClosed: isClosed(lot) };
}
