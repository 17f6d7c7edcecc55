import { existsSync } from 'node:fs';
import { answerPaths } from '../../manifests/answer/answers.ts';
import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import type { WaitingUnit } from '../../registry/registry.ts';
import { batchState } from './batch-words.ts';
import { findBatch } from './find-batch.ts';
import { standingSummary } from './standing-summary.ts';
import type { StandingSummary } from './standing-summary.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';
import { printUnitRows } from '../unit/unit-rows.ts';

/** Units that wait are shown up to this number: beyond that, their codes say what they have in common. */
const SHOWN_WAITING = 50;

/** `certline batch show`. Throws `unknown`. */
export async function describeBatch(
  { stateFolder, config }: Invocation,
  given: string,
  options: { units?: boolean; json?: boolean },
): Promise<void> {
  await withRegistry(stateFolder, async (registry) => {
    const { batchId, manifest } = await findBatch(registry, given);
    const standing = await standingSummary(stateFolder, registry, batchId);
    const { result } = answerPaths(config.inbox, manifest);
    const units = options.units === true ? registry.resultRows(batchId) : undefined;
    if (options.json === true) {
      const written = existsSync(result) ? result : null;
      printJson({ ...documentOf(standing), result: written, ...(units && { units: await gathered(units) }) });
    } else {
      printSummary(standing, result);
      await printWaiting(batchId, standing);
      if (units) await printUnits(units, standing);
    }
  });
}

async function gathered(rows: AsyncIterable<ResultRow>): Promise<ResultRow[]> {
  const all: ResultRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** What the person at the bench should do about a unit. */
function hintFor({ code }: WaitingUnit): string {
  return isFailureCode(code) ? FAILURES[code].hint : '';
}

function documentOf({ summary, waiting, waitingBy }: StandingSummary): object {
  const { batch, ...counts } = summary;
  const hinted = waiting.map((unit) => ({ ...unit, hint: hintFor(unit) }));
  return { ...batch, state: batchState(batch), ...counts, waiting: hinted, waitingBy };
}

function printSummary({ summary }: StandingSummary, result: string): void {
  const { batch, passed, failed, errors, held, attention, open } = summary;
  const parts = [`${passed} passed`, `${failed} failed`, `${errors} errors`, `${held} on hold`];
  const unended = [`${attention} waiting for a decision`, `${open} open`];
  printFields([
    ['Batch', batch.batchId],
    ['Order', batch.order],
    ['Manifest', `${batch.manifest} (SHA-256 ${batch.manifestSha256})`],
    ['State', batchState(batch)],
    ['Units', `${batch.quantity}: ${[...parts, ...unended].join(', ')}`],
    ['Accepted', shownTime(batch.importedAt)],
    ['Started', shownTime(batch.startedAt)],
    ['Closed', shownTime(batch.closedAt)],
    ['Result', existsSync(result) ? result : `${result} (when the batch has ended)`],
  ]);
}

async function printWaiting(batchId: string, { waiting, waitingBy }: StandingSummary): Promise<void> {
  if (waiting.length === 0) return;
  printLine();
  const columns = [
    { head: 'serial' },
    { head: 'step' },
    { head: 'code', style: () => 'yellow' as const },
    { head: 'attempt', align: 'right' as const },
    { head: 'what to do' },
  ];
  const shown = waiting.slice(0, SHOWN_WAITING);
  await printTable(
    columns,
    shown.map((unit) => [unit.serial, unit.step, unit.code, String(unit.attempt), hintFor(unit)]),
  );
  if (waiting.length > shown.length)
    printLine(`and ${waiting.length - shown.length} more: --units or --json shows them`);
  if (waitingBy === 'registry')
    printLine('By the record: no orchestrator answers, so some of them may be trying again already.');
  printLine();
  printLine(`When that is done: certline batch rerun ${batchId}`);
}

async function printUnits(units: AsyncIterable<ResultRow>, { waiting }: StandingSummary): Promise<void> {
  printLine();
  await printUnitRows(units, new Set(waiting.map(({ serial }) => serial)));
}
