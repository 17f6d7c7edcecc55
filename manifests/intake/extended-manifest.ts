import { foldSerial } from '../../provisioning/serial-number.ts';
import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';
import type { IssueList } from '../check/issue-list.ts';
import type { ManifestProduct, ManifestRow } from '../check/manifest-row.ts';
import { parseManifest } from '../check/parse-manifest.ts';
import { lookUpRows } from '../check/registered-units.ts';
import type { RegisteredBatch, RegisteredRow, RegisteredUnits } from '../check/registered-units.ts';
import type { ManifestCopy } from './copy-manifest.ts';

/** A manifest that has all units of earlier batches unchanged, and may have more. */
export interface Extension {
  /** The batches that have the earlier units. */
  readonly batches: readonly RegisteredBatch[];
  /** New units. */
  readonly rows: number;
  /** Rows of earlier units that are not the same as there. */
  readonly changed: readonly Issue[];
}

/**
 * Whether a manifest extends earlier batches, whose units are the reason why it is refused: a copy that stalled and then
 * grew, or a list to which units were added. Undefined if units of such a batch are missing in it: then it has
 * serials of another lot by mistake. A unit that was freed is no longer one of its batch.
 */
export async function extensionOf(
  copy: ManifestCopy,
  found: IssueList,
  registered: RegisteredUnits,
  products: readonly ManifestProduct[],
): Promise<Extension | undefined> {
  if (found.otherCount > 0) return undefined;
  const batches = (await registered.listBatches()).filter(({ batchId }) => found.takenBy.has(batchId));
  if (batches.length === 0 || batches.some(({ order }) => order !== found.order)) return undefined;
  const changed: Issue[] = [];
  /** Units of each batch that the manifest has. */
  const counts = new Map<string, number>();
  let rows = 0;
  for await (const page of parseManifest(copy.path, products)) {
    const taken = page.rows.filter(({ serial }) => found.taken.has(serial));
    rows += page.rows.length - taken.length;
    const before = await lookUpRows(taken, registered);
    for (const row of taken) {
      const unit = before.get(foldSerial(row.serial));
      if (unit !== undefined) counts.set(unit.batchId, (counts.get(unit.batchId) ?? 0) + 1);
      if (unit === undefined || !isSame(unit, row)) changed.push(changedRow(row));
    }
  }
  for (const { batchId, quantity } of batches)
    if (counts.get(batchId) !== quantity - (await registered.freedUnits(batchId))) return undefined;
  return { batches, rows, changed };
}

function isSame(unit: RegisteredRow, { serial, product, boardId, attrs }: ManifestRow): boolean {
  const names = Object.keys(attrs);
  return (
    unit.serial === serial &&
    unit.product === product &&
    unit.boardId === boardId &&
    Object.keys(unit.attrs).length === names.length &&
    names.every((name) => Object.hasOwn(unit.attrs, name) && unit.attrs[name] === attrs[name])
  );
}

function changedRow({ line, serial }: ManifestRow): Issue {
  return issue('MANIFEST_ROW_CHANGED', { line, column: 'serial', value: serial });
}
