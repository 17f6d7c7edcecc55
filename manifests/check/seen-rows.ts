import { COUNTED, countsUp } from './counts-up.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { KeyTable } from './key-table.ts';
import type { ManifestRow } from './manifest-row.ts';
import { Neighbours } from './neighbours.ts';
import { RepeatedRows } from './repeated-rows.ts';

/** The serials and board ids of one product, which are like each other. */
interface ProductKeys {
  readonly serials: Neighbours;
  readonly boards: Neighbours;
}

/** The last order that is not the first one. */
interface OtherOrder {
  readonly value: string;
  readonly line: number;
  /** Whether the row above has another order. */
  readonly isNew: boolean;
  /** The cause of its issue. */
  readonly id: string;
}

/**
 * The serials and boards, which the rows of a file must not share, and the order, which they must; each with its first
 * line.
 */
export class SeenRows {
  readonly #serials = new KeyTable();
  readonly #boards = new KeyTable();
  readonly #products = new Map<string, ProductKeys>();
  #last: (ProductKeys & { readonly product: string }) | undefined;
  readonly #repeatedSerials = new RepeatedRows();
  readonly #repeatedBoards = new RepeatedRows();
  #order: { readonly value: string; readonly line: number } | undefined;
  #lastOther: OtherOrder | undefined;
  /** Whether the columns order and serial have each other's values. */
  #hasSwapped = false;

  /** The order number of the first row that has a good one. */
  get order(): string | undefined {
    return this.#order?.value;
  }

  /** Adds a good row. Undefined when it agrees with those before it: the usual case, which must cost nothing. */
  addGood(row: ManifestRow): Issue[] | undefined {
    this.#order ??= { value: row.order, line: row.line };
    const { serials, boards } = this.#keysOf(row.product);
    serials.add(row.serial, row.line);
    const isNew = this.#serials.add(row.serial, row.line) === 0;
    if (row.boardId !== undefined) boards.add(row.boardId, row.line);
    const isNewBoard = row.boardId === undefined || this.#boards.add(row.boardId, row.line) === 0;
    if (isNew && isNewBoard && this.#order.value === row.order) return undefined;
    return this.#conflicts(row, new Set());
  }

  /** The issues of a faulty row with the rows before it; cells in `faulty` columns are left out. */
  add(row: ManifestRow, faulty: ReadonlySet<string>): Issue[] {
    if (row.order !== '' && !faulty.has('order')) this.#order ??= { value: row.order, line: row.line };
    if (row.serial !== '' && !faulty.has('serial')) this.#serials.add(row.serial, row.line);
    if (row.boardId !== undefined && !faulty.has('board_id')) this.#boards.add(row.boardId, row.line);
    return this.#conflicts(row, faulty);
  }

  /** Whether the last value of the file is shorter than all others of its column, which have one length. */
  isCut({ product, serial, boardId = '' }: ManifestRow, column: string): boolean {
    const { serials, boards } = this.#keysOf(product);
    return (
      (column === 'serial' && serials.isShorterThanAll(serial)) ||
      (column === 'board_id' && boards.isShorterThanAll(boardId))
    );
  }

  /** What is wrong with a value only among the others. `trusted`: products whose serials have a pattern of their own. */
  neighbourIssues(trusted: ReadonlySet<string>): Issue[] {
    return [...this.#products].flatMap(([product, { serials, boards }]) => [
      ...(trusted.has(product) ? [] : serials.issues()),
      ...boards.issues(),
    ]);
  }

  #keysOf(product: string): ProductKeys {
    if (this.#last?.product === product) return this.#last;
    const keys = this.#products.get(product) ?? {
      serials: new Neighbours('serial'),
      boards: new Neighbours('board_id'),
    };
    this.#products.set(product, keys);
    this.#last = { ...keys, product };
    return keys;
  }

  #conflicts(row: ManifestRow, faulty: ReadonlySet<string>): Issue[] {
    const { line, order, serial, boardId } = row;
    const firstSerial = serial === '' || faulty.has('serial') ? 0 : this.#serials.add(serial, line);
    const firstBoard = boardId === undefined || faulty.has('board_id') ? 0 : this.#boards.add(boardId, line);
    const isSerial = firstSerial !== 0 && firstSerial !== line;
    const isBoard = firstBoard !== 0 && firstBoard !== line;
    const isOrder =
      this.#order !== undefined && order !== '' && !faulty.has('order') && this.#order.value !== order;
    if (isOrder && isSerial && this.#isSwapped(line, firstSerial)) return [swapped(row)];
    const issues = isOrder ? [this.#secondOrder(line, order)] : [];
    const isRow = isSerial && isBoard && firstSerial === firstBoard;
    if (isSerial) issues.push(this.#repeatedSerial(row, firstSerial, isRow));
    if (isBoard && !isRow) issues.push(this.#repeatedBoard(line, boardId!, firstBoard));
    return issues;
  }

  /** Where the second unit already has the serial of the first one and another order, so do all others. */
  #isSwapped(line: number, firstSerial: number): boolean {
    const { line: first } = this.#order!;
    if (firstSerial !== first) return false;
    if (line === first + 1) this.#hasSwapped = true;
    return this.#hasSwapped;
  }

  #secondOrder(line: number, order: string): Issue {
    const { value, line: first } = this.#order!;
    const above = this.#lastOther?.line === line - 1 ? this.#lastOther : undefined;
    const isCounted = above?.isNew === true && countsUp(above.value, order);
    const id = isCounted ? above.id : order;
    this.#lastOther = { value: order, line, isNew: above?.value !== order, id };
    const expected = `order ${value}, as in line ${first} of the file: one order number in the whole file`;
    const cause = isCounted ? { id, remedy: COUNTED } : { id };
    return { ...issue('MANIFEST_ORDER_SECOND', { line, column: 'order', value: order }, expected), cause };
  }

  #repeatedSerial({ line, serial }: ManifestRow, first: number, hasBoard: boolean): Issue {
    const what = hasBoard ? 'this one, with its board id,' : 'this one';
    const expected = `each serial once: ${what} is already in line ${first} of the file`;
    const cause = this.#repeatedSerials.causeOf(line, first);
    return {
      ...issue('MANIFEST_SERIAL_REPEATED', { line, column: 'serial', value: serial }, expected),
      cause,
    };
  }

  #repeatedBoard(line: number, boardId: string, first: number): Issue {
    const expected = `each board id once: this one is already in line ${first} of the file`;
    const cause = this.#repeatedBoards.causeOf(line, first);
    return {
      ...issue('MANIFEST_BOARD_ID_REPEATED', { line, column: 'board_id', value: boardId }, expected),
      cause,
    };
  }
}

function swapped({ line, order, serial }: ManifestRow): Issue {
  const expected = `the order in column order and the serial in column serial: here "${serial}" is the serial of each CSV row, so name the two columns the other way round`;
  return {
    ...issue('MANIFEST_CELL_MOVED', { line, column: 'order', value: order }, expected),
    cause: { id: 'order and serial' },
  };
}
