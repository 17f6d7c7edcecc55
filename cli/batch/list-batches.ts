import type { BatchSummary, Registry } from '../../registry/registry.ts';
import { batchState } from './batch-words.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import type { Column } from '../terminal/table.ts';

const STATE_STYLES: Readonly<Record<string, ReturnType<NonNullable<Column['style']>>>> = {
  waits: ['yellow', 'bold'],
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
  { head: 'waiting', align: 'right' },
  { head: 'open', align: 'right' },
  { head: 'accepted' },
  { head: 'manifest' },
];

/** `certline batch list`. */
export async function listBatches(stateFolder: string, options: { json?: boolean }): Promise<void> {
  await withRegistry(stateFolder, async (registry) => {
    const summaries = registry === undefined ? [] : await summariesOf(registry);
    if (options.json === true)
      printJson({ batches: summaries.map(({ batch, ...counts }) => ({ ...batch, ...counts })) });
    else if (summaries.length === 0) printLine('No batch yet: "certline submit FILE" submits a manifest.');
    else await printTable(COLUMNS, summaries.map(cells));
  });
}

async function summariesOf(registry: Registry): Promise<BatchSummary[]> {
  const summaries: BatchSummary[] = [];
  for (const { batchId } of await registry.listBatches())
    summaries.push(await registry.batchSummary(batchId));
  return summaries;
}

function cells(summary: BatchSummary): string[] {
  const { batch, passed, failed, errors, held, attention, open } = summary;
  const counts = [batch.quantity, passed, failed, errors, held, attention, open];
  return [
    batch.batchId,
    batchState(summary),
    ...counts.map((count) => (count === 0 ? '-' : String(count))),
    shownTime(batch.importedAt),
    batch.manifest,
  ];
}
