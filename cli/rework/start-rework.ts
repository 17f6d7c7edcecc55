import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isThere } from '../../disk/is-there.ts';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { intakeKeyPath } from '../../line/state-folder.ts';
import { openIntakeKey } from '../../line/trusted-keys.ts';
import type { StationKey } from '../../pki/keys/station-key.ts';
import { signRework } from '../../pki/signing/intake-statements.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { isOrderNumber } from '../../provisioning/order-number.ts';
import type { AskedRework, ReworkInput, ReworkKind, ReworkState } from '../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { reworkWorkflowId } from '../../provisioning/workflow-ids.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { withLineClient } from '../line/line-client.ts';
import { tell } from '../terminal/stdout.ts';

/** Registry and signer answer within a second. */
const OPENING_PATIENCE_MS = 60_000;
const OPENING_PAUSE_MS = 200;

/** What a person types. */
export interface ReworkOptions {
  readonly kind: ReworkKind;
  readonly serials: readonly string[];
  readonly reason: string;
  readonly by?: string;
  readonly order?: string;
  readonly json?: boolean;
}

/** What to do with the boards. */
const THEN: Record<ReworkKind, string> = {
  renew: 'Load their boards',
  rekey: 'Load their boards',
  swap: 'Load blank boards',
  scrap: 'Their certificates are revoked, and boards that are in a socket now are wiped',
};

/**
 * Starts a rework and waits until it is allowed or refused. Throws `usage`, `refused` with the reason, `lineNotRunning`
 * where no orchestrator answers.
 */
export async function startRework(stateFolder: string, asked: ReworkOptions): Promise<void> {
  const input = signedRework(stateFolder, reworkOf(asked));
  const { reworkId, kind, serials } = input;
  const state = await withLineClient(stateFolder, async (client) => await opened(client, input));
  if (state.phase === 'refused')
    throw new CommandError('refused', `The rework is refused: ${state.message ?? 'no reason was given'}`);
  const units = serials.length === 1 ? serials[0]! : `${serials.length} units`;
  tell(
    asked.json,
    { reworkId, kind, serials },
    `Rework ${reworkId} of ${units} has begun: ${kind}. ${THEN[kind]}.`,
    `certline rework show ${reworkId}`,
  );
}

/** The signer takes the word of the intake that a person asked for the rework. Throws `refused` on another host. */
export function signedRework(stateFolder: string, rework: AskedRework): ReworkInput {
  const asked = { ...rework, askedAt: new Date().toISOString() };
  return { ...asked, signed: signRework(asked, keyOfIntake(stateFolder).privateKey) };
}

function keyOfIntake(stateFolder: string): StationKey {
  if (isThere(intakeKeyPath(stateFolder))) return openIntakeKey(stateFolder);
  const message = `There is no key of an intake in ${stateFolder}: run this command on the host of the orchestrator, with its state folder.`;
  throw new CommandError('refused', message);
}

function reworkOf({ kind, serials, order, ...said }: ReworkOptions): AskedRework {
  const { reason = '', by = '' } = decisionInput(said);
  if (order !== undefined && !isOrderNumber(order))
    throw new CommandError('usage', `--order ${JSON.stringify(order.slice(0, 60))} is not an order number.`);
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const reworkId = `RW-${day}-${randomBytes(3).toString('hex')}`;
  return { reworkId, kind, reason, by, serials, ...(order !== undefined && { order }) };
}

async function opened(client: Client, input: ReworkInput): Promise<ReworkState> {
  const { reworkId, kind, serials } = input;
  const handle = await client.workflow.start('rework', {
    workflowId: reworkWorkflowId(reworkId),
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
    staticSummary: `${kind} of ${serials.length} units`,
  });
  const deadline = Date.now() + OPENING_PATIENCE_MS;
  for (;;) {
    const state = await stateOf(client, handle, deadline);
    if (state !== undefined && state.phase !== 'opening') return state;
    if (Date.now() > deadline) throw unanswered(reworkId);
    await sleep(OPENING_PAUSE_MS);
  }
}

async function stateOf(
  client: Client,
  handle: WorkflowHandle,
  deadline: number,
): Promise<ReworkState | undefined> {
  try {
    return await client.withDeadline(deadline, () => handle.query<ReworkState>(MESSAGES.reworkState));
  } catch (error) {
    if (Date.now() > deadline) return undefined;
    throw error;
  }
}

function unanswered(reworkId: string): CommandError {
  const message = `The rework ${reworkId} is started, but no orchestrator or signer answers: make sure that they run, then "certline rework show ${reworkId}".`;
  return new CommandError('lineNotRunning', message);
}
