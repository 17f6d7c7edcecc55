import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReworkKind } from '../../provisioning/rework.ts';
import {
  batchWorkflowId,
  chunkWorkflowId,
  reworkWorkflowId,
  unitWorkflowId,
} from '../../provisioning/workflow-ids.ts';
import { resetTo } from '../workflows/reset-to.ts';
import { NAMESPACE, recordOf, reworksOf } from './lot.ts';
import type { Lot } from './lot.ts';
import { bringBoards } from './returned-boards.ts';

/** How often each is pressed, of all. These are pressed on any workflow of the lot. */
const BUTTONS = {
  cancel: 2,
  terminate: 3,
  delete: 1,
  'reset first': 2,
  'reset last': 2,
  'pause activity': 1,
} as const;
/** Only where a unit waits for one, save now and then. */
const DECISIONS = { retry: 4, skip: 3, scrap: 3 } as const;
/** On the batch. Those that end it are rare while it is under way. */
const ON_BATCH = {
  'batch pause': 1,
  'batch resume': 0.2,
  'close short': 0.4,
  'close over': 0.1,
  withdraw: 0.4,
};
/** Only where some units have ended, save now and then: they are what these are for. */
const WAYS_BACK = { 'unit rerun': 3, 'batch rerun': 2 };
const REWORKS = { renew: 1.5, rekey: 1.5, swap: 1.5, 'scrap passed': 1 };

type Button = keyof (typeof BUTTONS & typeof DECISIONS & typeof ON_BATCH & typeof WAYS_BACK & typeof REWORKS);

/** Presses one button on a batch, a chunk, a unit or a rework. Returns what, in brackets if it was refused. */
export async function press(lot: Lot, { hasEnded }: { readonly hasEnded: boolean }): Promise<string> {
  const { random } = lot;
  const ended = serialsWhere(lot, `outcome IN ('HOLD', 'ERROR', 'FAIL')`);
  const passed = serialsWhere(lot, `outcome = 'PASS'`);
  const waiting = serialsWhere(lot, attends);
  const often = (isFit: boolean): boolean => isFit || random.chance(0.04);
  const button = weighted(lot, {
    ...BUTTONS,
    ...ON_BATCH,
    ...(isPaused(lot) && { 'batch resume': 3 }),
    ...(hasEnded && { 'batch pause': 0.1, 'close short': 1, 'close over': 1, withdraw: 1 }),
    ...(often(waiting.length > 0) && DECISIONS),
    ...(often(ended.length > 0) && WAYS_BACK),
    ...(often(passed.length > 0) && REWORKS),
  });
  const serials =
    { retry: waiting, skip: waiting, scrap: waiting, 'unit rerun': ended }[button as string] ?? passed;
  const target = isOnWorkflow(button)
    ? await targetOf(lot, button)
    : isOnBatch(button)
      ? lot.batchId
      : random.pick(serials.length > 0 && random.chance(0.9) ? serials : lot.serials);
  try {
    await act(lot, button, target);
    return `${button} ${target}`;
  } catch (error) {
    mustBeRefusal(error);
    return `(${button} ${target})`;
  }
}

const attends = `(attention = 1 OR unit_id IN (SELECT unit_id FROM rework_units WHERE attention = 1 AND ended_at IS NULL))`;

const isOnWorkflow = (button: Button): boolean => button in BUTTONS;
const isOnBatch = (button: Button): boolean => button in ON_BATCH || button === 'batch rerun';

/** By the record: the last decision about the pace of a batch. */
export function isPaused(lot: Lot): boolean {
  const sql = `SELECT verdict FROM decisions WHERE batch_id = $batch AND verdict IN ('pause', 'resume') ORDER BY decision_id DESC`;
  return recordOf<{ verdict: string }>(lot, sql)[0]?.verdict === 'pause';
}

function serialsWhere(lot: Lot, condition: string): string[] {
  const sql = `SELECT serial FROM units WHERE batch_id = $batch AND freed_at IS NULL AND ${condition}`;
  return recordOf<{ serial: string }>(lot, sql).map(({ serial }) => serial);
}

function weighted({ random }: Lot, weights: Partial<Record<Button, number>>): Button {
  const all = Object.entries(weights) as [Button, number][];
  let left = random.next() * all.reduce((sum, [, weight]) => sum + weight, 0);
  return all.find(([, weight]) => (left -= weight) < 0)?.[0] ?? all[0]![0];
}

/** A command that ends with a status of its own, or a workflow that takes nothing: it has not begun, has ended, or waits for nothing. */
function mustBeRefusal(error: unknown): void {
  const { code, stderr } = error as { code?: unknown; stderr?: string };
  // 70: an error that the program does not know.
  if (code === 70 || (typeof stderr === 'string' && /\n\s+at /.test(stderr)))
    throw new Error(`a person sees: ${stderr ?? ''}`, { cause: error });
}

/** Mostly a workflow that runs; units, the chunk, the batch, its supplements and reworks are pressed about alike. */
async function targetOf(lot: Lot, button: Button): Promise<string> {
  const { client, random, batchId, serials } = lot;
  const query = `ProvBatch = '${batchId}' AND ExecutionStatus = 'Running'`;
  const running = [];
  for await (const { workflowId } of client.workflow.list({ query })) running.push(workflowId);
  const units = running.filter((id) => id.startsWith(unitWorkflowId('')));
  const others = [
    ...running.filter((id) => !units.includes(id)),
    ...reworksOf(lot).map(({ reworkId }) => reworkWorkflowId(reworkId)),
  ];
  const unit =
    units.length > 0 && random.chance(0.85) ? random.pick(units) : unitWorkflowId(random.pick(serials));
  const other = others.length > 0 ? random.pick(others) : batchWorkflowId(batchId);
  if (button === 'pause activity') return unit;
  return random.pick([unit, unit, other, chunkWorkflowId(batchId, 1), batchWorkflowId(batchId)]);
}

async function act(lot: Lot, button: Button, target: string): Promise<unknown> {
  const { client, rig, random } = lot;
  const handle = client.workflow.getHandle(target);
  const certline = async (...args: string[]): Promise<string> =>
    await rig.runCertline('orchestrator', ...args, '--reason', 'pressed', '--by', 'A. Berg');
  switch (button) {
    case 'cancel':
      return await handle.cancel();
    case 'terminate':
      return await handle.terminate('pressed');
    case 'delete':
      return await client.workflowService.deleteWorkflowExecution({
        namespace: NAMESPACE,
        workflowExecution: { workflowId: target },
      });
    case 'reset first':
    case 'reset last':
      return await resetTo(
        { client, namespace: NAMESPACE },
        target,
        button === 'reset first' ? 'first' : 'last',
      );
    case 'pause activity':
      return await pauseActivity(lot, target);
    case 'retry':
    case 'skip':
    case 'scrap':
      return await client.workflow
        .getHandle(unitWorkflowId(target))
        .executeUpdate(button, { args: [{ reason: 'pressed', by: 'A. Berg' }] });
    case 'batch pause':
      return await certline('batch', 'pause', target);
    case 'batch resume':
      return await certline('batch', 'resume', target);
    case 'close short':
      return await certline('batch', 'close', target, '--short', '--yes');
    case 'close over':
      return await certline('batch', 'close', target, '--over', '--yes');
    case 'withdraw':
      return await certline('batch', 'withdraw', target, '--yes');
    case 'unit rerun':
      return await certline('unit', 'rerun', target, ...(random.chance(0.3) ? ['--scrapped'] : []));
    case 'batch rerun':
      return await certline('batch', 'rerun', target, '--ended');
    case 'renew':
    case 'rekey':
    case 'swap':
      return await rework(lot, button, target);
    case 'scrap passed':
      return await rework(lot, 'scrap', target);
  }
}

/** Of one unit or, now and then, of several that passed. The boards are brought at once, later, or only when all is settled. */
async function rework(lot: Lot, kind: ReworkKind, serial: string): Promise<void> {
  const { rig, random } = lot;
  const passed = serialsWhere(lot, `outcome = 'PASS'`);
  const some = random.chance(0.3) ? passed.slice(0, 1 + random.below(4)) : [];
  const list = join(rig.folder, `rework-${lot.batchId}.txt`);
  writeFileSync(list, [...new Set([serial, ...some])].join('\n'));
  if (kind === 'scrap' && random.chance(0.5)) bringBoards(lot);
  const args = ['--serials', list, '--kind', kind, '--reason', 'pressed', '--by', 'A. Berg'];
  await rig.runCertline('orchestrator', 'rework', 'create', ...args);
  if (random.chance(0.7)) bringBoards(lot);
}

/** What the button on the page of a workflow does to what it waits for. It stays so until somebody presses Unpause. */
async function pauseActivity({ client }: Lot, workflowId: string): Promise<void> {
  const { raw, runId } = await client.workflow.getHandle(workflowId).describe();
  const pending = raw.pendingActivities?.[0];
  if (!pending) throw new Error('it waits for no activity');
  await client.workflowService.pauseActivity({
    namespace: NAMESPACE,
    execution: { workflowId, runId },
    id: pending.activityId!,
    identity: 'A. Berg',
    reason: 'pressed',
  });
}

/** Presses Unpause on every activity of a lot that is paused. */
export async function unpauseAll(lot: Lot): Promise<void> {
  const { client, batchId } = lot;
  const query = `ProvBatch = '${batchId}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) {
    const { raw, runId } = await client.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => ({ raw: {} as { pendingActivities?: null }, runId: '' }));
    for (const { activityId, paused } of raw.pendingActivities ?? [])
      if (paused === true)
        await client.workflowService
          .unpauseActivity({
            namespace: NAMESPACE,
            execution: { workflowId, runId },
            id: activityId!,
            identity: 'A. Berg',
          })
          .catch(() => undefined);
  }
}
