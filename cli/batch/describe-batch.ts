import { existsSync } from 'node:fs';
import { visibleText } from '../../manifests/csv/visible-text.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { hintOf } from '../../provisioning/failure-table.ts';
import { priorityNow, prioritySays } from '../../provisioning/priority.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import type {
  AttemptCounts,
  BatchRecord,
  BatchSummary,
  Registry,
  SupplementRecord,
} from '../../registry/registry.ts';
import { runIdOf } from '../../provisioning/workflow-ids.ts';
import { filesOf } from '../../reports/lot-answers.ts';
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
  invocation: Invocation,
  given: string,
  options: { units?: boolean; json?: boolean },
): Promise<void> {
  const { stateFolder, config } = invocation;
  await withRegistry(invocation, async (registry) => {
    const batch = await findBatch(registry, given);
    const { batchId } = batch;
    const standing = await standingSummary(stateFolder, registry, batchId);
    const decisions = await registry.batchDecisions(batchId);
    const attempts = await registry.attemptCounts(batchId);
    const supplements = await supplementsOf(registry, batchId);
    const { result } = await filesOf(registry, config.inbox, batch);
    const units = options.units === true ? registry.resultRows(batchId) : undefined;
    if (options.json === true) {
      const written = existsSync(result) ? result : null;
      const rows = units && { units: await Array.fromAsync(units) };
      const priority = priorityNow(batch, decisions);
      printJson({
        ...documentOf(standing),
        priority,
        attempts,
        result: written,
        decisions,
        supplements,
        ...rows,
      });
    } else {
      printSummary(standing, result, { decisions, attempts });
      await printDecisions(decisions);
      await printSupplements(batchId, supplements);
      await printWaiting(batchId, standing);
      if (units) await printUnits(units, standing);
    }
  });
}

/** A supplement, and how its units are now. */
type CountedSupplement = SupplementRecord & Omit<BatchSummary, 'batch'>;

async function supplementsOf(registry: Registry, batchId: string): Promise<CountedSupplement[]> {
  const all: CountedSupplement[] = [];
  for (const supplement of await registry.supplements(batchId)) {
    const { batch: _batch, ...counts } = await registry.batchSummary(batchId, supplement.number);
    all.push({ ...supplement, ...counts });
  }
  return all;
}

async function printSupplements(batchId: string, supplements: readonly CountedSupplement[]): Promise<void> {
  if (supplements.length === 0) return;
  printLine();
  const heads = ['units', 'passed', 'failed', 'errors', 'held', 'waiting', 'open'];
  await printTable(
    [
      { head: 'supplement' },
      ...heads.map((head) => ({ head, align: 'right' as const })),
      ...['opened', 'closed', 'by'].map((head) => ({ head })),
      { head: 'why', wraps: true },
    ],
    supplements.map(({ number, quantity, passed, failed, errors, held, attention, open, ...about }) => [
      runIdOf(batchId, number),
      ...[quantity, passed, failed, errors, held, attention, open].map(String),
      shownTime(about.openedAt),
      shownTime(about.closedAt) ?? '',
      about.by ?? 'not said',
      about.reason ?? '',
    ]),
  );
}

function documentOf({ summary, waiting, waitingBy, broken, trouble }: StandingSummary): object {
  const { batch, ...counts } = summary;
  const hinted = waiting.map((unit) => ({ ...unit, hint: hintOf(unit.code) ?? '' }));
  return {
    ...batch,
    state: batchState(batch),
    ...counts,
    waiting: hinted,
    waitingBy,
    ...(broken && { broken }),
    ...(trouble && { trouble }),
  };
}

function printSummary(
  { summary, broken, trouble = [], isPaused }: StandingSummary,
  result: string,
  { decisions, attempts }: { readonly decisions: readonly Decision[]; readonly attempts: AttemptCounts },
): void {
  const { batch, passed, failed, errors, held, attention, open } = summary;
  const parts = [`${passed} passed`, `${failed} failed`, `${errors} errors`, `${held} on hold`];
  const unended = [`${attention} waiting for a decision`, `${open} open`];
  printFields([
    ['Batch', batch.batchId],
    ['Order', batch.order],
    ['Manifest', `${visibleText(batch.manifest)} (SHA-256 ${batch.manifestSha256})`],
    ['State', batchState(batch) + pauseIn(batch, decisions, isPaused)],
    ['Attention', broken],
    ...trouble.map(({ says }) => ['The line', says] as const),
    ['Priority', prioritySays(priorityNow(batch, decisions))],
    ['Units', `${batch.quantity}: ${[...parts, ...unended].join(', ')}`],
    ['Attempts', attemptsIn(attempts)],
    ['Accepted', shownTime(batch.importedAt)],
    ['Started', shownTime(batch.startedAt)],
    ['Closed', shownTime(batch.closedAt)],
    ['Result', existsSync(result) ? result : `${result} (when the batch has ended)`],
  ]);
}

function attemptsIn({ firstPass, retests, reworks }: AttemptCounts): string {
  return `${firstPass} passed with the first, ${counted(retests, 'retest')} (nothing changed), ${counted(reworks, 'rework')}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Whether the batch is paused, as it says itself, or else its decisions: one that was recovered is not. */
function pauseIn({ state }: BatchRecord, decisions: readonly Decision[], isPaused?: boolean): string {
  const last = decisions.findLast(({ verdict }) => ['pause', 'resume', 'recover'].includes(verdict));
  return state === 'open' && (isPaused ?? last?.verdict === 'pause')
    ? ', paused: no further unit starts'
    : '';
}

async function printDecisions(decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  printLine();
  await printTable(
    [...['decision', 'about', 'by', 'when'].map((head) => ({ head })), { head: 'why', wraps: true }],
    decisions.map(({ verdict, detail, by, decidedAt, reason }) => [
      verdict,
      detail ?? '',
      by ?? 'not said',
      shownTime(decidedAt),
      reason ?? '',
    ]),
  );
}

async function printWaiting(batchId: string, { waiting, waitingBy, broken }: StandingSummary): Promise<void> {
  if (waiting.length === 0) return;
  printLine();
  const columns = [
    { head: 'serial' },
    { head: 'step' },
    { head: 'code', style: () => 'yellow' as const },
    { head: 'attempt', align: 'right' as const },
    { head: 'what to do', wraps: true as const },
  ];
  const shown = waiting.slice(0, SHOWN_WAITING);
  await printTable(
    columns,
    shown.map((unit) => [unit.serial, unit.step, unit.code, String(unit.attempt), hintOf(unit.code) ?? '']),
  );
  if (waiting.length > shown.length)
    printLine(`and ${waiting.length - shown.length} more: --units or --json shows them`);
  if (waitingBy === 'registry')
    printLine('By the record: no orchestrator answers, so some of them may be trying again already.');
  printLine();
  printLine(broken ?? `When that is done: certline batch rerun ${batchId}`);
}

async function printUnits(units: AsyncIterable<ResultRow>, { waiting }: StandingSummary): Promise<void> {
  printLine();
  await printUnitRows(units, new Set(waiting.map(({ serial }) => serial)));
}
