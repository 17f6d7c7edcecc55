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
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { findUnit } from './find-unit.ts';
import { nothingToDecide } from './nothing-to-decide.ts';

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
    if (answer === undefined) throw await unitNotRunning(client, invocation, serial, verdict);
    if (json === true) printJson({ serial, verdict, says: answer });
    else printLine(answer);
  });
}

/** Why there is nothing to decide: the unit has ended or has not begun. Throws `unknown` where it does not exist. */
async function unitNotRunning(
  client: Client,
  invocation: Invocation,
  serial: string,
  verdict: UnitVerdict,
): Promise<CommandError> {
  const ended = await endOf(client, serial);
  // On a host without a registry, a workflow that has ended says enough.
  const unit =
    ended === undefined
      ? await findUnit(invocation, serial)
      : await withRegistryIfAny(invocation, async (registry) => await registry?.unit(serial));
  return new CommandError('refused', nothingToDecide({ serial, outcome: unit?.outcome, ended }, verdict));
}

async function endOf(client: Client, serial: string): Promise<string | undefined> {
  return (await workflowDescription(client, unitWorkflowId(serial)))?.status.name.toLowerCase();
}
