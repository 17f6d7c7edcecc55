import type { ReworkRecord } from '../../registry/registry.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import type { Invocation } from '../invocation.ts';

/** `certline rework list`. Throws `unknown` where there is no registry. */
export async function listReworks(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  const reworks = await withRegistry(invocation, async (registry) => await registry.reworks());
  if (options.json === true) printJson(reworks);
  else if (reworks.length === 0) printLine('There is no rework.');
  else {
    const heads = [
      'rework',
      'kind',
      'state',
      'units',
      'done',
      'kept',
      'ended',
      'wait',
      'by',
      'opened',
      'why',
    ];
    await printTable(
      heads.map((head) => ({ head })),
      reworks.map(cells),
    );
  }
}

function cells(rework: ReworkRecord): string[] {
  const { reworkId, kind, units, by, openedAt, reason } = rework;
  const count = (result: string): string => String(units.filter((unit) => unit.result === result).length);
  const waiting = String(units.filter(({ attention }) => attention).length);
  const results =
    rework.refusal === undefined ? [count('done'), count('kept'), count('ended')] : ['', '', ''];
  return [
    reworkId,
    kind,
    standingOf(rework),
    String(units.length),
    ...results,
    waiting,
    by,
    shownTime(openedAt),
    reason,
  ];
}

/** The state of a rework in a word. */
export function standingOf({ refusal, closedAt }: ReworkRecord): string {
  return refusal === undefined ? (closedAt === undefined ? 'open' : 'closed') : 'refused';
}
