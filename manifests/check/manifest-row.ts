import type { Product } from '../../provisioning/product.ts';
import { SERIAL_PATTERN } from '../../provisioning/serial-number.ts';
import { TEMPLATE_BOUNDS, tightestTemplate } from '../../provisioning/serial-template.ts';
import type { SerialRoom } from '../../provisioning/serial-template.ts';
import {
  attrFault,
  boardIdFault,
  deviceNameFault,
  orderFault,
  placeholderFault,
  productFault,
  serialFault,
} from './cell-rules.ts';
import type { CellFault } from './cell-rules.ts';
import { COUNTED, countsUp } from './counts-up.ts';
import { ExponentNotes } from './exponent-notes.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestColumns } from './manifest-header.ts';
import { identifierDamage, isDoubtful } from './spreadsheet-damage.ts';

/** The facts of a product that a manifest is checked against. */
export type ManifestProduct = Pick<
  Product,
  'name' | 'assignment' | 'commonName' | 'subjectAltName' | 'serialPattern'
>;

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

/** A product with what the check of each row needs of it. */
interface KnownProduct extends ManifestProduct {
  readonly room: SerialRoom;
  readonly pattern?: RegExp;
}

const NO_ATTRS: ManifestRow['attrs'] = Object.freeze({});

/** Checks the cells of CSV rows: every faulty cell is an issue, and only a row without issues is usable. */
export class RowReader {
  readonly #columns: ManifestColumns;
  readonly #products: ReadonlyMap<string, KnownProduct>;
  readonly #at: Readonly<Record<'order' | 'serial' | 'product' | 'board', number>>;
  /** The order number and the product of the last good row: most rows repeat them. */
  #order: string | undefined;
  #product: KnownProduct | undefined;
  #unknown: { readonly line: number; readonly name: string } | undefined;
  #issues: Issue[] = [];
  #withoutBoard: string | undefined;
  readonly #exponents = new ExponentNotes();

  constructor(columns: ManifestColumns, products: readonly ManifestProduct[]) {
    this.#columns = columns;
    this.#products = new Map(products.map((product) => [product.name, knownProduct(product)]));
    const { cells } = columns;
    const at = (name: 'order' | 'serial' | 'product' | 'board_id'): number => cells.get(name) ?? -1;
    this.#at = { order: at('order'), serial: at('serial'), product: at('product'), board: at('board_id') };
  }

  /** The order number and the product of the last good row. */
  get before(): Readonly<Record<'order' | 'product', string>> {
    return { order: this.#order ?? '', product: this.#product?.name ?? '' };
  }

  /** Whether the configuration has a product of this name. */
  readonly isProduct = (name: string): boolean => this.#products.has(name);

  /** The issues of the last row; empty where it is good. */
  get issues(): readonly Issue[] {
    return this.#issues;
  }

  /** The first product whose units need a board id, where the header has no column for it. */
  get withoutBoard(): string | undefined {
    return this.#withoutBoard;
  }

  /** Sentences on values that were accepted and may not be meant. */
  get notes(): readonly string[] {
    return this.#exponents.sentences();
  }

  /** The row of one line with as many cells as the header. */
  read(line: number, cells: readonly string[]): ManifestRow {
    if (this.#issues.length > 0) this.#issues = [];
    const { order: o, serial: s, product: p, board: b } = this.#at;
    // A column that is missing in the header has one issue, at the header.
    const order = cells[o] ?? '';
    if (order !== this.#order) this.#readOrder(line, order);
    const name = cells[p] ?? '';
    const product = name === this.#product?.name ? this.#product : this.#products.get(name);
    const serial = cells[s] ?? '';
    if (s !== -1) this.#report(line, 'serial', serial, this.#serialFault(serial, product));
    if (product === undefined) this.#unknownProduct(line, name);
    else this.#product = product;
    const board = cells[b] ?? '';
    if (b !== -1) this.#report(line, 'board_id', board, boardFault(board, product));
    else if (product?.assignment === 'listed-board') this.#withoutBoard ??= product.name;
    for (const cell of this.#columns.unnamed)
      if (cells[cell] !== '') this.#unnamed(line, cell, cells[cell] ?? '');
    const attrs = this.#columns.attrs.length === 0 ? NO_ATTRS : this.#attrs(line, cells);
    // The texts that all rows share: those of the cells need not stay in memory.
    const shared = { order: order === this.#order ? this.#order : order, product: product?.name ?? name };
    if (board === '') return { line, order: shared.order, serial, product: shared.product, attrs };
    return {
      line,
      order: shared.order,
      serial,
      product: shared.product,
      boardId: board.toLowerCase(),
      attrs,
    };
  }

  #readOrder(line: number, order: string): void {
    if (this.#at.order === -1) return;
    const fault = orderFault(order);
    this.#report(line, 'order', order, fault);
    if (fault === undefined) this.#order = order;
  }

  #unknownProduct(line: number, name: string): void {
    if (this.#at.product === -1) return;
    const above = this.#unknown?.line === line - 1 ? this.#unknown.name : this.#product?.name;
    this.#unknown = { line, name };
    const { code, expected } = productFault(name, [...this.#products.keys()]);
    const found = issue(code, { line, column: 'product', value: name }, expected);
    const isCounted = code === 'MANIFEST_PRODUCT_UNKNOWN' && above !== undefined && countsUp(above, name);
    this.#issues.push(isCounted ? { ...found, cause: { id: 'counted', remedy: COUNTED } } : found);
  }

  #serialFault(serial: string, product: KnownProduct | undefined): CellFault | undefined {
    if (!SERIAL_PATTERN.test(serial)) return serialFault(serial);
    if (product?.pattern !== undefined) return patternFault(serial, product) ?? lengthFault(serial, product);
    if (isDoubtful(serial)) return identifierDamage(serial);
    const fault = serial.length <= 4 ? (deviceNameFault(serial) ?? placeholderFault(serial)) : undefined;
    return fault ?? (product && lengthFault(serial, product));
  }

  #attrs(line: number, cells: readonly string[]): Record<string, string> {
    const attrs: Record<string, string> = {};
    for (const [column, cell] of this.#columns.attrs) {
      const value = cells[cell] ?? '';
      if (value === '') continue;
      this.#report(line, column, value, attrFault(value));
      this.#exponents.see(column, value);
      attrs[column.slice('attr.'.length)] = value;
    }
    return attrs;
  }

  #unnamed(line: number, cell: number, value: string): void {
    if (value.trim() === '') return;
    const expected = `an empty cell, or a name for column ${cell + 1} in the header`;
    this.#issues.push(
      issue('MANIFEST_COLUMN_UNNAMED', { line, column: `column ${cell + 1}`, value }, expected),
    );
  }

  #report(line: number, column: string, value: string, fault: CellFault | undefined): void {
    if (fault !== undefined) this.#issues.push(issue(fault.code, { line, column, value }, fault.expected));
  }
}

function knownProduct(product: ManifestProduct): KnownProduct {
  const room = tightestTemplate(product);
  if (product.serialPattern === undefined) return { ...product, room };
  return { ...product, room, pattern: new RegExp(`^(?:${product.serialPattern})$`) };
}

function patternFault(serial: string, { name, pattern, serialPattern }: KnownProduct): CellFault | undefined {
  if (pattern === undefined || pattern.test(serial)) return undefined;
  const expected = `a serial like those of product ${name}: ${serialPattern}`;
  return { code: 'MANIFEST_SERIAL_PATTERN', expected };
}

/** Refuses a serial that is too long for the certificate now, not at the signer when the board is in its socket. */
function lengthFault(serial: string, { name: product, room }: KnownProduct): CellFault | undefined {
  const { name, template, longestSerial } = room;
  if (serial.length <= longestSerial) return undefined;
  const bound = TEMPLATE_BOUNDS[name];
  const expected = `at most ${longestSerial} characters for product ${product}: its ${name} "${template}" may have ${bound} characters with the serial in it`;
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
