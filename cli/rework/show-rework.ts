import { hintOf } from '../../provisioning/failure-table.ts';
import type { ReworkRecord, ReworkUnitRecord } from '../../registry/registry.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printBeside, printFields, printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import type { Invocation } from '../invocation.ts';
import { brokenRework } from './broken-rework.ts';
import { findRework } from './find-rework.ts';
import { standingOf } from './list-reworks.ts';

/** `certline rework show`. Throws `unknown`. */
export async function showRework(
  invocation: Invocation,
  given: string,
  options: { json?: boolean },
): Promise<void> {
  const rework = await withRegistry(invocation, async (registry) => await findRework(registry, given));
  const { reworkId, closedAt } = rework;
  const broken = closedAt === undefined ? await brokenRework(invocation.stateFolder, reworkId) : undefined;
  if (options.json === true) printJson({ ...rework, ...(broken !== undefined && { broken }) });
  else await print(rework, broken);
}

async function print(rework: ReworkRecord, broken: string | undefined): Promise<void> {
  printFields([
    ['Rework', rework.reworkId],
    ['Kind', rework.kind],
    ['State', standingOf(rework)],
    ['Refused', rework.refusal],
    ['Attention', broken],
    ['Why', rework.reason],
    ['By', rework.by],
    ['Order', rework.order ?? 'of each unit'],
    ['Opened', shownTime(rework.openedAt)],
    ['Closed', shownTime(rework.closedAt)],
  ]);
  printLine();
  // What is scrapped waits for no board, and of a rework that was terminated nothing runs any more.
  const waitsForBoards = rework.closedAt === undefined && rework.kind !== 'scrap' && broken === undefined;
  const heads = ['serial', 'result', 'code', 'step', 'ended', 'then type'];
  await printTable(
    heads.map((head) => ({ head })),
    rework.units.map((unit) => [
      unit.serial,
      unit.result ?? (unit.attention ? 'waits' : 'open'),
      unit.code ?? '',
      unit.step ?? '',
      shownTime(unit.endedAt) ?? '',
      commandOf(unit, waitsForBoards),
    ]),
  );
  if (waitsForBoards && rework.units.some(isOpen)) {
    printLine();
    printLine(
      'A unit that is open waits for its board: load the board, or give up with what is under "then type".',
    );
  }
  printHints(rework.units.filter(({ attention }) => attention));
  for (const { serial, result, message } of rework.units)
    if (result !== undefined && message !== undefined) printLine(`\n${serial}: ${message}`);
}

/** It waits for its board, or is under way. */
function isOpen({ result, attention }: ReworkUnitRecord): boolean {
  return result === undefined && !attention;
}

/** What ends the waiting of a unit: for a decision, or for a board that may never come. */
function commandOf(unit: ReworkUnitRecord, waitsForBoards: boolean): string {
  if (unit.attention) return `certline unit retry ${unit.serial}`;
  return waitsForBoards && isOpen(unit) ? `certline unit skip ${unit.serial}` : '';
}

function printHints(waiting: readonly ReworkUnitRecord[]): void {
  if (waiting.length === 0) return;
  printLine();
  for (const code of new Set(waiting.map((unit) => unit.code))) {
    const hint = hintOf(code);
    if (hint !== undefined) printBeside(`${code}:`, hint, ' ');
  }
}
