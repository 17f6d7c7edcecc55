import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { KeyTable } from './key-table.ts';
import type { ManifestRow } from './manifest-row.ts';
import { Neighbours } from './neighbours.ts';

/** The serials and board ids of one product, which are like each other. */
interface ProductKeys {
  readonly serials: Neighbours;
  readonly boards: Neighbours;
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
  #order: { readonly value: string; readonly line: number } | undefined;

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
    const issues: Issue[] = [];
    if (this.#order !== undefined && order !== '' && !faulty.has('order') && this.#order.value !== order) {
      const expected = `order ${this.#order.value}, as in line ${this.#order.line} of the file: one order number in the whole file`;
      issues.push(issue('MANIFEST_ORDER_SECOND', { line, column: 'order', value: order }, expected));
    }
    const firstSerial = serial === '' || faulty.has('serial') ? line : this.#serials.add(serial, line);
    if (firstSerial !== line && firstSerial !== 0) {
      const expected = `each serial once: this one is already in line ${firstSerial} of the file`;
      issues.push(issue('MANIFEST_SERIAL_REPEATED', { line, column: 'serial', value: serial }, expected));
    }
    const firstBoard =
      boardId === undefined || faulty.has('board_id') ? line : this.#boards.add(boardId, line);
    if (firstBoard !== line && firstBoard !== 0) {
      const expected = `each board id once: this one is already in line ${firstBoard} of the file`;
      issues.push(
        issue('MANIFEST_BOARD_ID_REPEATED', { line, column: 'board_id', value: boardId! }, expected),
      );
    }
    return issues;
  }
}
