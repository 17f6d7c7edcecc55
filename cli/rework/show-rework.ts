import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import type { ReworkRecord, ReworkUnitRecord } from '../../registry/registry.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import { findRework } from './find-rework.ts';
import { standingOf } from './list-reworks.ts';

/** `certline rework show`. Throws `unknown`. */
export async function showRework(
  stateFolder: string,
  given: string,
  options: { json?: boolean },
): Promise<void> {
  const rework = await withRegistry(stateFolder, async (registry) => await findRework(registry, given));
  if (options.json === true) printJson(rework);
  else await print(rework);
}

async function print(rework: ReworkRecord): Promise<void> {
  printFields([
    ['Rework', rework.reworkId],
    ['Kind', rework.kind],
    ['State', standingOf(rework)],
    ['Refused', rework.refusal],
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
}

function printHints(waiting: readonly ReworkUnitRecord[]): void {
  if (waiting.length === 0) return;
  printLine();
  for (const code of new Set(waiting.map((unit) => unit.code)))
    if (isFailureCode(code)) printLine(`${code}: ${FAILURES[code].hint}`);
}
