import { existsSync } from 'node:fs';
import { answerPaths } from '../../manifests/answer/answers.ts';
import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import type { BatchSummary, Registry, UnitRecord } from '../../registry/registry.ts';
import { batchState } from './batch-words.ts';
import { findBatch } from './find-batch.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';
import { printUnitRows } from '../unit/unit-rows.ts';

/** Units that wait are shown up to this number: beyond that, their codes say what they have in common. */
const SHOWN_WAITING = 50;

/** A unit that waits for a decision, and what the person at the bench should do. */
interface WaitingUnit {
  readonly serial: string;
  readonly step: string | undefined;
  readonly code: string;
  readonly attempt: number;
  readonly hint: string;
}

/** `certline batch show`. Throws `unknown`. */
export async function describeBatch(
  { stateFolder, config }: Invocation,
  given: string,
  options: { units?: boolean; json?: boolean },
): Promise<void> {
  await withRegistry(stateFolder, async (registry) => {
    const { batchId, manifest } = await findBatch(registry, given);
    if (registry === undefined) return;
    const summary = await registry.batchSummary(batchId);
    const waiting = summary.attention === 0 ? [] : await waitingUnits(registry, batchId);
    const { result } = answerPaths(config.inbox, manifest);
    const units = options.units === true ? registry.resultRows(batchId) : undefined;
    if (options.json === true) {
      const { batch, ...counts } = summary;
      const all = units && { units: await gathered(units) };
      printJson({ ...batch, ...counts, result: existsSync(result) ? result : null, waiting, ...all });
    } else {
      printSummary(summary, result);
      await printWaiting(batchId, waiting);
      if (units) await printUnits(units);
    }
  });
}

async function gathered(rows: AsyncIterable<ResultRow>): Promise<ResultRow[]> {
  const all: ResultRow[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** A row without outcome, but with a code, is of a unit that failed and has not ended: it waits, or has just begun again. */
async function waitingUnits(registry: Registry, batchId: string): Promise<WaitingUnit[]> {
  const waiting: WaitingUnit[] = [];
  for await (const { serial, outcome, code } of registry.resultRows(batchId)) {
    if (outcome !== undefined || code === undefined) continue;
    const unit = await registry.unit(serial);
    if (unit?.attention === true) waiting.push(waitingUnit(unit, code));
  }
  return waiting;
}

function waitingUnit({ serial, step, attempts }: UnitRecord, code: string): WaitingUnit {
  const hint = isFailureCode(code) ? FAILURES[code].hint : '';
  return { serial, step, code, attempt: attempts.at(-1)?.attempt ?? 1, hint };
}

function printSummary(summary: BatchSummary, result: string): void {
  const { batch, passed, failed, errors, held, attention, open } = summary;
  const parts = [`${passed} passed`, `${failed} failed`, `${errors} errors`, `${held} on hold`];
  const unended = [`${attention} waiting for a decision`, `${open} open`];
  printFields([
    ['Batch', batch.batchId],
    ['Order', batch.order],
    ['Manifest', `${batch.manifest} (SHA-256 ${batch.manifestSha256})`],
    ['State', batchState(summary)],
    ['Units', `${batch.quantity}: ${[...parts, ...unended].join(', ')}`],
    ['Accepted', shownTime(batch.importedAt)],
    ['Started', shownTime(batch.startedAt)],
    ['Closed', shownTime(batch.closedAt)],
    ['Result', existsSync(result) ? result : `${result} (when the batch has ended)`],
  ]);
}

async function printWaiting(batchId: string, waiting: readonly WaitingUnit[]): Promise<void> {
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
    shown.map(({ serial, step, code, attempt, hint }) => [serial, step ?? '', code, String(attempt), hint]),
  );
  if (waiting.length > shown.length)
    printLine(`and ${waiting.length - shown.length} more: --units or --json shows them`);
  printLine();
  printLine(`When that is done: certline batch rerun ${batchId}`);
}

async function printUnits(units: AsyncIterable<ResultRow>): Promise<void> {
  printLine();
  await printUnitRows(units);
}
