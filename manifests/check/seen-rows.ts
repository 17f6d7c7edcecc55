import { foldSerial } from '../../provisioning/serial-number.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestRow } from './manifest-row.ts';

/**
 * The serials and boards, which the rows of a file must not share, and the order, which they must; each with its first
 * line.
 */
export class SeenRows {
  readonly #serials = new Map<string, number>();
  readonly #boards = new Map<string, number>();
  #order: { readonly value: string; readonly line: number } | undefined;

  /** The issues of `row` with the rows before it; cells in `faulty` columns are left out. */
  add(row: ManifestRow, faulty: ReadonlySet<string>): Issue[] {
    const issues: Issue[] = [];
    if (row.order !== '' && !faulty.has('order')) issues.push(...this.#addOrder(row));
    if (row.serial !== '' && !faulty.has('serial')) issues.push(...this.#addSerial(row));
    if (row.boardId !== undefined && !faulty.has('board_id'))
      issues.push(...this.#addBoard(row, row.boardId));
    return issues;
  }

  #addOrder({ line, order }: ManifestRow): Issue[] {
    this.#order ??= { value: order, line };
    if (this.#order.value === order) return [];
    const expected = `order ${this.#order.value}, as in line ${this.#order.line} of the file: one order number in the whole file`;
    return [issue('MANIFEST_ORDER_SECOND', { line, column: 'order', value: order }, expected)];
  }

  #addSerial({ line, serial }: ManifestRow): Issue[] {
    const first = firstLine(this.#serials, foldSerial(serial), line);
    if (first === line) return [];
    const expected = `each serial once: this one is already in line ${first} of the file`;
    return [issue('MANIFEST_SERIAL_REPEATED', { line, column: 'serial', value: serial }, expected)];
  }

  #addBoard({ line }: ManifestRow, boardId: string): Issue[] {
    const first = firstLine(this.#boards, boardId, line);
    if (first === line) return [];
    const expected = `each board id once: this one is already in line ${first} of the file`;
    return [issue('MANIFEST_BOARD_ID_REPEATED', { line, column: 'board_id', value: boardId }, expected)];
  }
}

function firstLine(lines: Map<string, number>, key: string, line: number): number {
  const first = lines.get(key);
  if (first !== undefined) return first;
  lines.set(key, line);
  return line;
}
