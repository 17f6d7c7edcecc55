import { visibleText } from '../../manifests/csv/visible-text.ts';
import type { Registry } from '../../registry/registry.ts';
import { batchState } from './batch-words.ts';
import { standingSummary } from './standing-summary.ts';
import type { StandingSummary } from './standing-summary.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import type { Column } from '../terminal/column.ts';
import type { Invocation } from '../invocation.ts';

const STATE_STYLES: Readonly<Record<string, ReturnType<NonNullable<Column['style']>>>> = {
  'not started': 'yellow',
  closed: 'dim',
};

const COLUMNS: readonly Column[] = [
  { head: 'batch' },
  { head: 'state', style: (state) => STATE_STYLES[state] },
  { head: 'units', align: 'right' },
  { head: 'passed', align: 'right' },
  { head: 'failed', align: 'right' },
  { head: 'errors', align: 'right' },
  { head: 'held', align: 'right' },
  { head: 'waiting', align: 'right', style: (count) => (count === '-' ? undefined : ['yellow', 'bold']) },
  { head: 'open', align: 'right' },
  { head: 'accepted' },
  { head: 'manifest' },
];

/** `certline batch list`. Throws `unknown` where there is no registry. */
export async function listBatches(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  await withRegistry(invocation, async (registry) => {
    const standings = await standingsOf(invocation.stateFolder, registry);
    if (options.json === true) printJson({ batches: standings.map(documentOf) });
    else if (standings.length === 0) printLine('No batch yet: "certline submit FILE" submits a manifest.');
    else {
      await printTable(COLUMNS, standings.map(cells));
      for (const { broken } of standings) if (broken !== undefined) printLine(broken);
    }
  });
}

async function standingsOf(stateFolder: string, registry: Registry): Promise<StandingSummary[]> {
  const standings: StandingSummary[] = [];
  for (const { batchId } of await registry.listBatches())
    standings.push(await standingSummary(stateFolder, registry, batchId));
  return standings;
}

function documentOf({ summary, waitingBy, broken }: StandingSummary): object {
  const { batch, ...counts } = summary;
  return { ...batch, state: batchState(batch), ...counts, waitingBy, ...(broken && { broken }) };
}

function cells({ summary }: StandingSummary): string[] {
  const { batch, passed, failed, errors, held, attention, open } = summary;
  const counts = [batch.quantity, passed, failed, errors, held, attention, open];
  return [
    batch.batchId,
    batchState(batch),
    ...counts.map((count) => (count === 0 ? '-' : String(count))),
    shownTime(batch.importedAt),
    visibleText(batch.manifest),
  ];
}
