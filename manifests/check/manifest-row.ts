import type { Product } from '../../provisioning/product.ts';
import { TEMPLATE_BOUNDS, tightestTemplate } from '../../provisioning/serial-template.ts';
import { attrFault, boardIdFault, orderFault, productFault, serialFault } from './cell-rules.ts';
import type { CellFault } from './cell-rules.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestColumns, PlainColumn } from './manifest-header.ts';

/** The facts of a product that a manifest is checked against. */
export type ManifestProduct = Pick<Product, 'name' | 'assignment' | 'commonName' | 'subjectAltName'>;

/** One unit of a manifest. */
export interface ManifestRow {
  /** Line number in the file, from 1; the header is line 1, so the first unit is on line 2. */
  readonly line: number;
  readonly order: string;
  readonly serial: string;
  readonly product: string;
  /** Hardware id of the board, lower-case hex; present for `listed-board` products only. */
  readonly boardId?: string;
  /** Attributes by name without `attr.`; empty cells are left out. */
  readonly attrs: Readonly<Record<string, string>>;
}

type ReportFault = (column: string, value: string, fault: CellFault | undefined) => void;

/** Checks the cells of one CSV row: every faulty cell is an issue, and only a row without issues is usable. */
export function parseRow(
  line: number,
  cells: readonly string[],
  columns: ManifestColumns,
  products: ReadonlyMap<string, ManifestProduct>,
): { row: ManifestRow; issues: Issue[] } {
  const issues: Issue[] = [];
  const report: ReportFault = (column, value, fault) => {
    if (fault !== undefined) issues.push(issue(fault.code, { line, column, value }, fault.expected));
  };
  const plain = plainCells(cells, columns, products, report);
  const attrs = attrCells(cells, columns, report);
  return { row: { line, ...plain, attrs }, issues };
}

function plainCells(
  cells: readonly string[],
  columns: ManifestColumns,
  products: ReadonlyMap<string, ManifestProduct>,
  report: ReportFault,
): Pick<ManifestRow, 'order' | 'serial' | 'product' | 'boardId'> {
  const cell = (column: PlainColumn): string | undefined => cells[columns.cells.get(column) ?? -1];
  const [order, serial, product] = [cell('order'), cell('serial'), cell('product')];
  // A column that is missing in the header has one issue, at the header.
  if (order !== undefined) report('order', order, orderFault(order));
  const known = products.get(product ?? '');
  if (serial !== undefined) report('serial', serial, serialFault(serial) ?? lengthFault(serial, known));
  if (product !== undefined && known === undefined) {
    report('product', product, productFault(product, [...products.keys()]));
  }
  const board = cell('board_id') ?? '';
  report('board_id', board, boardFault(board, known));
  const row = { order: order ?? '', serial: serial ?? '', product: product ?? '' };
  return board === '' ? row : { ...row, boardId: board.toLowerCase() };
}

/** Refuses a serial that is too long for the certificate now, not at the signer when the board is in its socket. */
function lengthFault(serial: string, product: ManifestProduct | undefined): CellFault | undefined {
  if (product === undefined) return undefined;
  const { name, template, longestSerial } = tightestTemplate(product);
  if (serial.length <= longestSerial) return undefined;
  const bound = TEMPLATE_BOUNDS[name];
  const expected = `at most ${longestSerial} characters for product ${product.name}: its ${name} "${template}" may have ${bound} characters with the serial in it`;
  return { code: 'MANIFEST_SERIAL_TOO_LONG', expected };
}

function boardFault(board: string, product: ManifestProduct | undefined): CellFault | undefined {
  if (board === '') return product?.assignment === 'listed-board' ? missingBoard(product.name) : undefined;
  const fault = boardIdFault(board);
  if (fault !== undefined || product?.assignment !== 'any-board') return fault;
  return {
    code: 'MANIFEST_BOARD_ID_UNWANTED',
    expected: `an empty board_id: product ${product.name} accepts any board`,
  };
}

function missingBoard(product: string): CellFault {
  return {
    code: 'MANIFEST_BOARD_ID_MISSING',
    expected: `the hardware id of the board in column board_id: product ${product} requires one for each unit`,
  };
}

function attrCells(
  cells: readonly string[],
  columns: ManifestColumns,
  report: ReportFault,
): Record<string, string> {
  const attrs: Record<string, string> = {};
  for (const [column, index] of columns.attrs) {
    const value = cells[index] ?? '';
    report(column, value, attrFault(value));
    if (value !== '') attrs[column.slice('attr.'.length)] = value;
  }
  return attrs;
}
