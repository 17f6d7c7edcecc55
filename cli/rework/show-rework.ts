import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
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
  const heads = ['serial', 'result', 'code', 'step', 'ended', 'then type'];
  await printTable(
    heads.map((head) => ({ head })),
    rework.units.map((unit) => [
      unit.serial,
      unit.result ?? (unit.attention ? 'waits' : 'open'),
      unit.code ?? '',
      unit.step ?? '',
      shownTime(unit.endedAt) ?? '',
      unit.attention ? `certline unit retry ${unit.serial}` : '',
    ]),
  );
  printHints(rework.units.filter(({ attention }) => attention));
  for (const { serial, result, message } of rework.units)
    if (result !== undefined && message !== undefined) printLine(`\n${serial}: ${message}`);
}

function printHints(waiting: readonly ReworkUnitRecord[]): void {
  if (waiting.length === 0) return;
  printLine();
  for (const code of new Set(waiting.map((unit) => unit.code)))
    if (isFailureCode(code)) printBeside(`${code}:`, FAILURES[code].hint, ' ');
}
