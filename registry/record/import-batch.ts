import type { NewBatch } from '../../provisioning/batch-record.ts';
import type { BatchRow, ImportResult, RegisteredKey, StagedBatch } from '../registry.ts';

/** Rows gathered for one write. */
const PAGE_ROWS = 1_000;

/** More conflicts than this have one cause. */
const MAX_CONFLICTS = 1_000;

/** See Registry.importBatch. */
export async function importBatch(
  staged: StagedBatch,
  batch: NewBatch,
  rows: AsyncIterable<BatchRow>,
): Promise<ImportResult> {
  try {
    const conflicts: RegisteredKey[] = [];
    for await (const page of pages(rows)) {
      const { serials, boards } = await staged.add(page);
      conflicts.push(...serials, ...boards);
    }
    if (conflicts.length > 0) return { status: 'taken', conflicts: conflicts.slice(0, MAX_CONFLICTS) };
    return { status: 'imported', batch: await staged.accept(batch) };
  } finally {
    await staged.discard();
  }
}

async function* pages(rows: AsyncIterable<BatchRow>): AsyncGenerator<BatchRow[]> {
  let page: BatchRow[] = [];
  for await (const row of rows) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    yield page;
    page = [];
  }
  yield page;
}
