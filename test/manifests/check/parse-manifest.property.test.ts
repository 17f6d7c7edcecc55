import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsed } from './parsed.ts';

interface Unit {
  readonly serial: string;
  readonly boardId: string;
  readonly note: string;
}

// Values of digits alone are compared with each other: see the corpus.
const serial = fc.stringMatching(/^[A-Z](?:[A-Z0-9-]{0,20}[A-Z0-9])?$/);
const boardId = fc.stringMatching(/^[a-f][0-9a-f]{7,15}$/);
// Printable text in several scripts, quotes and commas included; no formula, no space at either end.
const note = fc.stringMatching(/^(?:[a-z0-9äß漢字"',;:._/]|[a-z"][a-z0-9äß漢字"', ;]{0,30}[a-z",])?$/);
const units: fc.Arbitrary<Unit[]> = fc.uniqueArray(fc.record({ serial, boardId, note }), {
  minLength: 1,
  maxLength: 40,
  comparator: (one, other) =>
    one.serial.toLowerCase() === other.serial.toLowerCase() || one.boardId === other.boardId,
});

const cellOf = {
  order: (): string => 'PO-7',
  serial: (unit: Unit): string => unit.serial,
  product: (): string => 'listed-node',
  board_id: (unit: Unit): string => unit.boardId,
  'attr.note': (unit: Unit): string => unit.note,
};
type Column = keyof typeof cellOf;
const COLUMNS: readonly Column[] = ['order', 'serial', 'product', 'board_id', 'attr.note'];

const layout = fc.record({
  columns: fc.shuffledSubarray([...COLUMNS], { minLength: COLUMNS.length }),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  mark: fc.constantFrom('', '\uFEFF'),
  quoteAll: fc.boolean(),
});
type Layout = typeof layout extends fc.Arbitrary<infer T> ? T : never;

function written(cells: readonly string[], { lineEnd, quoteAll }: Layout): string {
  const quoted = cells.map((cell) =>
    quoteAll || /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return quoted.join(',') + lineEnd;
}

function rendered(list: readonly Unit[], shape: Layout): string {
  const lines = list.map((unit) => shape.columns.map((column) => cellOf[column](unit)));
  return shape.mark + [shape.columns, ...lines].map((cells) => written(cells, shape)).join('');
}

/** A value that no cell of the column may have. */
const BAD: Readonly<Record<Column, readonly string[]>> = {
  order: ['', 'po-7', 'PO 7', '=PO', 'PO-7\u0000', '-PO', 'PO-8'],
  serial: ['', 'cl-1', 'CL_1', 'CL-', '1.5E+10', '\u0410', 'CL\t1', 'CL\u200b1', '+CL'],
  product: ['', 'Listed-node', 'listed-node ', '@x'],
  board_id: ['', 'xyz', '123', 'c0 ffee', '1.5E+10'],
  'attr.note': ['=1', '@SUM(A1)', '#REF!', ' x', 'x ', 'x\u0007', 'x\u2066', 'x'.repeat(257), '\uFFFD'],
};

describe('parseManifest', () => {
  it('reads a valid manifest as exactly its rows', async () => {
    await fc.assert(
      fc.asyncProperty(units, layout, async (list, shape) => {
        const { rows, issues } = await parsed(rendered(list, shape));
        expect(issues).toEqual([]);
        expect(rows).toEqual(
          list.map((unit, at) => ({
            line: at + 2,
            order: 'PO-7',
            serial: unit.serial,
            product: 'listed-node',
            boardId: unit.boardId,
            attrs: unit.note === '' ? {} : { note: unit.note },
          })),
        );
      }),
    );
  });

  it('names the one cell that was spoilt', async () => {
    const spoilt = fc.record({ unit: fc.nat(), column: fc.constantFrom(...COLUMNS), value: fc.nat() });
    await fc.assert(
      fc.asyncProperty(units, layout, spoilt, async (list, shape, { unit, column, value }) => {
        // The first row says which order it is, so another order there would be told of the others.
        const at =
          column === 'order' && list.length > 1 ? 1 + (unit % (list.length - 1)) : unit % list.length;
        const choices = column === 'order' && list.length === 1 ? BAD.order.slice(0, -1) : BAD[column];
        const bad = choices[value % choices.length] ?? '';
        const lines = list.map((row, index) =>
          shape.columns.map((name) => (index === at && name === column ? bad : cellOf[name](row))),
        );
        const text = [shape.columns, ...lines].map((cells) => written(cells, shape)).join('');
        const { rows, issues } = await parsed(text);
        expect(issues.map((found) => [found.line, found.column])).toEqual([[at + 2, column]]);
        expect(rows).toHaveLength(list.length - 1);
      }),
    );
  });

  it('answers every CSV row of any bytes once, and never throws', async () => {
    const piece = fc.oneof(
      fc.constantFrom('PO-1,CL-1,golioth-node\n', '"', ',', '\n', '\r\n', '\r', '\u0000', '""', '"\n'),
      fc.string({ unit: 'binary' }),
    );
    const bytes = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        const { rows, issues, lines } = await parsed(
          Buffer.concat([Buffer.from('order,serial,product\n'), body]),
        );
        const refused = new Set(issues.map(({ line }) => line));
        expect(rows.every(({ line }) => !refused.has(line))).toBe(true);
        expect(lines).toBeLessThanOrEqual(lineCount(body));
        // Only a cell with line breaks takes more than one line, and only empty rows at the end take none.
        const last = body.toString().replace(/\n$/, '').split('\n').at(-1) ?? '';
        const isOdd = ['"', '\0', '\u001A'].some((odd) => body.includes(odd)) || /^[\s,]*$/.test(last);
        // Where every line begins with CR, lines end with LF CR, and nothing is read.
        const isSwapped = /^(?:\r[^\n]*\n){2,}/.test(body.toString());
        if (!isOdd && !isSwapped) expect(lines).toBe(lineCount(body));
      }),
      { numRuns: 300 },
    );
  });
});

function lineCount(bytes: Buffer): number {
  const ends = bytes.filter((byte) => byte === 0x0a).length;
  return bytes.length > 0 && bytes.at(-1) !== 0x0a ? ends + 1 : ends;
}
