import { boardIdFault, serialFault } from './cell-rules.ts';
import type { PlainColumn } from './column-names.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestColumns } from './manifest-header.ts';

const BOTH_WAYS = 'name the two columns the other way round';
const BACK = 'move the cells back under their names';

/** The fault of a faulty row of which a value is in another column: it explains those of all its cells. */
export function movedCell(
  line: number,
  cells: readonly string[],
  columns: ManifestColumns,
  isProduct: (name: string) => boolean,
): Issue | undefined {
  const cell = (column: PlainColumn): string => cells[columns.cells.get(column) ?? -1] ?? '';
  const [product, serial, board] = [cell('product'), cell('serial'), cell('board_id')];
  if (!isProduct(product)) {
    const at = cells.findIndex((text, index) => isProduct(text) && isPlace(index, cell, columns));
    if (at === -1) return undefined;
    const there = columnName(at, columns);
    const isGap = cell('order') === '' || serial === '';
    const remedy = isGap ? `so ${BACK}` : `so ${BOTH_WAYS}, or ${BACK}`;
    const expected = `the product in column product: here "${cells[at]}" is in column ${there}, ${remedy}`;
    const found = issue('MANIFEST_CELL_MOVED', { line, column: 'product', value: product }, expected);
    return { ...found, cause: { id: there } };
  }
  const isSwapped =
    serialFault(serial) !== undefined &&
    boardIdFault(board) !== undefined &&
    serialFault(board) === undefined &&
    boardIdFault(serial) === undefined;
  if (!isSwapped) return undefined;
  const expected = `the serial in column serial and the board id in column board_id: here each is in the column of the other, so ${BOTH_WAYS}`;
  const found = issue('MANIFEST_CELL_MOVED', { line, column: 'serial', value: serial }, expected);
  return { ...found, cause: { id: 'board_id' } };
}

/** An attribute may be the name of a product, but not where a required cell beside it is empty. */
function isPlace(index: number, cell: (column: PlainColumn) => string, { cells }: ManifestColumns): boolean {
  return [...cells.values()].includes(index) || cell('order') === '' || cell('serial') === '';
}

function columnName(index: number, { cells, attrs }: ManifestColumns): string {
  const named = [...cells, ...attrs].find(([, at]) => at === index);
  return named?.[0] ?? String(index + 1);
}
