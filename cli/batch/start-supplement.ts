import type { Client } from '@temporalio/client';
import type { Decision } from '../../provisioning/decision.ts';
import type { EndedChoice } from '../../provisioning/supplement.ts';
import { priorityNow } from '../../provisioning/priority.ts';
import { runIdOf } from '../../provisioning/workflow-ids.ts';
import type { BatchRecord, RefusedUnit, Registry, RerunnableUnits } from '../../registry/registry.ts';
import { startSupplementWorkflow } from '../../workers/batch-start.ts';
import { decisionNow } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLineClient } from '../line/line-client.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

export interface SupplementOptions {
  readonly reason: string;
  readonly by?: string;
  readonly json?: boolean;
}

/** Units that a refusal names. */
const NAMED = 5;

/** Numbers tried: another person may start one at the same moment. */
const TRIES = 10;

/**
 * Starts a supplement with the chosen units of a batch, all of which have ended without a pass. Throws `refused`, with a sentence
 * for each unit that is named and cannot run again, and `lineNotRunning`.
 */
export async function startSupplement(
  { stateFolder, config }: Invocation,
  registry: Registry,
  batch: BatchRecord,
  choice: EndedChoice,
  options: SupplementOptions,
): Promise<void> {
  const { batchId } = batch;
  const chosen = await registry.rerunnable(batchId, choice);
  mustBeRerunnable(batchId, chosen, choice);
  await withLineClient(stateFolder, async (client) => {
    const next = (await registry.supplements(batchId)).length + 1;
    const priority = priorityNow(batch, await registry.batchDecisions(batchId));
    const run = {
      batch,
      window: config.unitsInFlight,
      priority,
      choice,
      decision: decisionNow('rerun', options),
    };
    const runId = runIdOf(batchId, await start(client, run, next));
    const { units } = chosen;
    const scrapped = chosen.refused.filter(({ why }) => why === 'scrapped').length;
    if (options.json === true) return printJson({ batchId: runId, units, scrapped });
    printLine(`${units} ${units === 1 ? 'unit runs' : 'units run'} again: certline batch watch ${runId}`);
    if (scrapped > 0)
      printLine(
        `${scrapped} scrapped ${scrapped === 1 ? 'unit stays' : 'units stay'} as they are (--scrapped)`,
      );
  });
}

/** Returns the number that it has. */
async function start(
  client: Client,
  run: {
    readonly batch: BatchRecord;
    readonly window: number;
    readonly priority: number;
    readonly choice: EndedChoice;
    readonly decision: Decision;
  },
  next: number,
): Promise<number> {
  const { batch, window, priority, choice, decision } = run;
  const { batchId, order, manifest, manifestSha256, quantity } = batch;
  for (let number = next; number < next + TRIES; number++) {
    const supplement = { number, choice, decision };
    const input = { batchId, order, manifest, manifestSha256, quantity, window, priority, supplement };
    if (await startSupplementWorkflow(client, input)) return number;
  }
  throw new CommandError('refused', `Others start supplements of batch ${batchId} right now: try again.`);
}

function mustBeRerunnable(batchId: string, { units, refused }: RerunnableUnits, choice: EndedChoice): void {
  if (choice.serials !== undefined && refused.length > 0) {
    const named = refused.slice(0, NAMED).map((unit) => refusalOf(unit, batchId));
    const more = refused.length > NAMED ? ` And ${refused.length - NAMED} more.` : '';
    throw new CommandError('refused', `Nothing was changed. ${named.join(' ')}${more}`);
  }
  if (units > 0) return;
  const scrapped = refused.some(({ why }) => why === 'scrapped')
    ? ' Add --scrapped for those that were scrapped.'
    : '';
  throw new CommandError(
    'refused',
    `No unit of batch ${batchId} that ended without a pass is chosen: see "certline batch show ${batchId} --units".${scrapped}`,
  );
}

/** Why a unit cannot run again, and what to type instead. */
function refusalOf({ serial, why, detail }: RefusedUnit, batchId: string): string {
  switch (why) {
    case 'passed':
      return `${serial} passed: use "certline rework create".`;
    case 'open':
      return `${serial} has not ended: use "certline unit retry ${serial}" if it waits, and "certline batch recover ${batchId}" if its batch was terminated.`;
    case 'scrapped':
      return `${serial} was scrapped, which is permanent: add --scrapped to run it again after all.`;
    case 'taken':
      return `${serial} was never begun, and batch ${detail ?? '?'} has its serial or board by now.`;
    case 'code':
      return `${serial} ended with ${detail ?? 'no code'}.`;
    case 'unknown':
      return `${serial} is not in batch ${batchId}.`;
  }
}
