import type { Client } from '@temporalio/client';
import { batchWorkflowId, chunkWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { RolesRig } from '../end-to-end/roles-rig.ts';
import type { RandomSeries } from '../signer-load/random-series.ts';
import { resetTo } from '../workflows/reset-to.ts';

/** A lot on a line, and the chance that decides what happens to it. */
export interface Lot {
  readonly client: Client;
  readonly rig: RolesRig;
  readonly random: RandomSeries;
  readonly batchId: string;
  readonly serials: readonly string[];
}

const NAMESPACE = 'default';

/** How often each is pressed, of all; decisions only where a unit waits for one, save now and then. */
const BUTTONS = { cancel: 2, terminate: 3, delete: 1, 'reset first': 2, 'reset last': 2 } as const;
const DECISIONS = { retry: 4, skip: 3, scrap: 3 } as const;

type Button = keyof typeof BUTTONS | keyof typeof DECISIONS;

/** Presses one button on a batch, a chunk or a unit. Returns what, and whether Temporal refused it. */
export async function press(lot: Lot): Promise<string> {
  const { random } = lot;
  const waiting = waitingIn(lot);
  const choices = { ...BUTTONS, ...((waiting.length > 0 || random.chance(0.1)) && DECISIONS) };
  const button = random.pick(
    Object.entries(choices).flatMap(([name, weight]) => Array.from({ length: weight }, () => name as Button)),
  );
  const decides = waiting.length > 0 && random.chance(0.9) ? waiting : lot.serials;
  const target = button in DECISIONS ? unitWorkflowId(random.pick(decides)) : await targetOf(lot);
  try {
    await act(lot, button, target);
    return `${button} ${target}`;
  } catch {
    // It has not begun, has ended, or waits for nothing.
    return `(${button} ${target})`;
  }
}

function waitingIn({ rig, batchId }: Lot): string[] {
  const sql = `SELECT serial FROM units WHERE batch_id = '${batchId}' AND attention = 1`;
  return rowsOf<{ serial: string }>(rig.places.registry, sql).map(({ serial }) => serial);
}

/** Mostly a workflow that runs; units, the chunk and the batch are pressed about alike. */
async function targetOf({ client, random, batchId, serials }: Lot): Promise<string> {
  const query = `ProvBatch = '${batchId}' AND WorkflowType = 'unit' AND ExecutionStatus = 'Running'`;
  const running = [];
  for await (const { workflowId } of client.workflow.list({ query })) running.push(workflowId);
  const isRunning = running.length > 0 && random.chance(0.85);
  const unit = isRunning ? random.pick(running) : unitWorkflowId(random.pick(serials));
  return random.pick([unit, unit, chunkWorkflowId(batchId, 1), batchWorkflowId(batchId)]);
}

async function act({ client }: Lot, button: Button, target: string): Promise<unknown> {
  const handle = client.workflow.getHandle(target);
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
      return await resetTo({ client, namespace: NAMESPACE }, target, 'first');
    case 'reset last':
      return await resetTo({ client, namespace: NAMESPACE }, target, 'last');
    case 'retry':
    case 'skip':
    case 'scrap':
      return await handle.executeUpdate(button, { args: [{ reason: 'pressed', by: 'A. Berg' }] });
  }
}
