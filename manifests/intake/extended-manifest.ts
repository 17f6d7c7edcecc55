import { foldSerial } from '../../provisioning/serial-number.ts';
import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';
import { IssueList } from '../check/issue-list.ts';
import type { ManifestProduct, ManifestRow } from '../check/manifest-row.ts';
import { parseManifest } from '../check/parse-manifest.ts';
import { lookUpRows } from '../check/registered-units.ts';
import type { RegisteredBatch, RegisteredRow, RegisteredUnits } from '../check/registered-units.ts';
import type { ManifestCopy } from './copy-manifest.ts';

/** Changed columns that are named. */
const MAX_NAMED = 4;

/** A manifest that has all units of earlier batches unchanged, and may have more. */
export interface Extension {
  /** The batches that have the earlier units. */
  readonly batches: readonly RegisteredBatch[];
  /** New units. */
  readonly rows: number;
  /** Has the rows of earlier units that are not the same as there. */
  readonly changed: IssueList;
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
  const changed = new IssueList();
  changed.rows = found.rows;
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
      const columns = unit === undefined ? [] : changedColumns(unit, row);
      if (unit === undefined || columns.length > 0) changed.addToRows([changedRow(row, unit, columns)]);
    }
  }
  for (const { batchId, quantity } of batches)
    if (counts.get(batchId) !== quantity - (await registered.freedUnits(batchId))) return undefined;
  return { batches, rows, changed };
}

/** The columns of a row in which an earlier batch has another value. */
function changedColumns(unit: RegisteredRow, row: ManifestRow): string[] {
  const names = new Set([...Object.keys(unit.attrs), ...Object.keys(row.attrs)]);
  const attrs = [...names].filter((name) => attrOf(unit, name) !== attrOf(row, name));
  const plain = [
    ...(unit.serial === row.serial ? [] : ['serial']),
    ...(unit.product === row.product ? [] : ['product']),
    ...(unit.boardId === row.boardId ? [] : ['board_id']),
  ];
  return [...plain, ...attrs.map((name) => `attr.${name}`)];
}

function attrOf({ attrs }: Pick<ManifestRow, 'attrs'>, name: string): string | undefined {
  return Object.hasOwn(attrs, name) ? attrs[name] : undefined;
}

function changedRow(
  { line, serial }: ManifestRow,
  unit: RegisteredRow | undefined,
  columns: readonly string[],
): Issue {
  const place = { line, column: 'serial', value: serial };
  if (unit === undefined) return issue('MANIFEST_ROW_CHANGED', place);
  const expected = `the CSV row as it is in batch ${unit.batchId}, or a new serial: ${listed(columns)} not the same`;
  return issue('MANIFEST_ROW_CHANGED', place, expected);
}

function listed(columns: readonly string[]): string {
  const rest = columns.length - MAX_NAMED;
  const named = rest > 0 ? [...columns.slice(0, MAX_NAMED), `${rest} more`] : columns;
  const [last = ''] = named.slice(-1);
  return named.length === 1 ? `${last} is` : `${named.slice(0, -1).join(', ')} and ${last} are`;
}
