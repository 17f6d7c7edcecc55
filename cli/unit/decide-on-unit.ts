import type { Client } from '@temporalio/client';
import type { UnitVerdict } from '../../provisioning/decision.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { workflowDescription } from '../../temporal/workflow-description.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { withLineClient } from '../line/line-client.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { findUnit } from './find-unit.ts';

/**
 * `certline unit retry|skip|scrap`. Throws `refused` with the unit's own sentence unless it waits for a decision,
 * `unknown`, `lineNotRunning`.
 */
export async function decideOnUnit(
  invocation: Invocation,
  given: string,
  verdict: UnitVerdict,
  { json, ...options }: { reason?: string; by?: string; json?: boolean },
): Promise<void> {
  const serial = given.toUpperCase();
  await withLineClient(invocation.stateFolder, async (client) => {
    const answer = await askWorkflow<string>(client, unitWorkflowId(serial), verdict, decisionInput(options));
    if (answer === undefined) throw await unitNotRunning(client, invocation, serial);
    if (json === true) printJson({ serial, verdict, says: answer });
    else printLine(answer);
  });
}

/** Why there is nothing to decide: the unit has ended or has not begun. Throws `unknown` where it does not exist. */
async function unitNotRunning(client: Client, invocation: Invocation, serial: string): Promise<CommandError> {
  const see = `see "certline unit show ${serial}"`;
  const ended = await endOf(client, serial);
  if (ended !== undefined)
    return new CommandError(
      'refused',
      `${serial} has ended (${ended}), so there is nothing to decide: ${see}.`,
    );
  const { outcome } = await findUnit(invocation, serial);
  const standing = outcome === undefined ? 'has not begun' : `has ended as ${outcome}`;
  return new CommandError('refused', `${serial} ${standing}, so there is nothing to decide: ${see}.`);
}

async function endOf(client: Client, serial: string): Promise<string | undefined> {
  return (await workflowDescription(client, unitWorkflowId(serial)))?.status.name.toLowerCase();
}
