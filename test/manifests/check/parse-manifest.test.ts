import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAX_LINE_BYTES } from '../../../manifests/csv/line-blocks.ts';
import { parseManifest } from '../../../manifests/check/parse-manifest.ts';
import { faults, parsed } from './parsed.ts';
import { temporaryFile } from '../../support/temporary-folder.ts';

const HEAD = 'order,serial,product\n';
const BOARDS = 'order,serial,product,board_id\n';
const GOOD = 'PO-1,CL-1,golioth-node\n';

describe('a manifest that is right', () => {
  it('gives its rows with their lines, attributes and folded board ids', async () => {
    const text =
      'serial,product,order,attr.note,board_id,attr.rev\n' +
      'CL-1,golioth-node,PO-1,"red, ""big""",,B2\n' +
      'CL-2,listed-node,PO-1,,C0FFEE01,-40\n';
    const { rows, issues } = await parsed(text);
    expect(issues).toEqual([]);
    expect(rows).toEqual([
      {
        line: 2,
        order: 'PO-1',
        serial: 'CL-1',
        product: 'golioth-node',
        attrs: { note: 'red, "big"', rev: 'B2' },
      },
      {
        line: 3,
        order: 'PO-1',
        serial: 'CL-2',
        product: 'listed-node',
        boardId: 'c0ffee01',
        attrs: { rev: '-40' },
      },
    ]);
  });

  it.each([
    ['a UTF-8 byte order mark', `\uFEFF${HEAD}${GOOD}`],
    ['CR LF throughout', `${HEAD}${GOOD}`.replaceAll('\n', '\r\n')],
    ['every cell quoted', `"order","serial","product"\n"PO-1","CL-1","golioth-node"\n`],
  ])('accepts %s', async (_case, text) => {
    const { rows, issues } = await parsed(text);
    expect(issues).toEqual([]);
    expect(rows).toHaveLength(1);
  });

  it('keeps an attribute whose name is a property of every object', async () => {
    const { rows } = await parsed('order,serial,product,attr.constructor\nPO-1,CL-1,golioth-node,x\n');
    expect(Object.entries(rows[0]?.attrs ?? {})).toEqual([['constructor', 'x']]);
  });

  it('reads the example: 24 units of one order', async () => {
    const { rows, issues } = await parsed(readFileSync('manifests/example.csv'));
    expect(issues).toEqual([]);
    expect(rows.map((row) => row.serial)).toEqual(
      Array.from({ length: 24 }, (_unit, at) => `CL-${String(at + 1).padStart(6, '0')}`),
    );
    expect(new Set(rows.map((row) => `${row.order} ${row.product}`))).toEqual(
      new Set(['PO-1001 golioth-node']),
    );
  });
});

describe('what CSV parsers let through', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['lone CR inside a file', `${HEAD}PO-1,CL-1,golioth-node\rPO-1,CL-2,golioth-node\n`, ['2::LINE_ENDING']],
    ['a workbook', Buffer.from('PK\u0003\u0004rest of a ZIP file'), ['0::NOT_TEXT']],
    ['an unclosed quote', `${HEAD}PO-1,"CL-1,golioth-node\nPO-1,CL-2,golioth-node\n`, ['2::QUOTE']],
    ['a quote inside a cell', `${HEAD}PO-1,CL"1,golioth-node\n`, ['2::QUOTE']],
    ['text after a closing quote', `${HEAD}PO-1,"CL"1,golioth-node\n`, ['2::QUOTE']],
    ['a CR inside quotes', `${HEAD}PO-1,"CL-\r1",golioth-node\n`, ['2:serial:CONTROL_CHARACTER']],
    ['an extra cell', `${HEAD}PO-1,CL-1,golioth-node,x\n`, ['2::CELL_COUNT']],
    ['a missing cell', `${HEAD}PO-1,CL-1\n`, ['2::CELL_COUNT']],
    ['a line over the limit', `${HEAD}${GOOD}${'x'.repeat(MAX_LINE_BYTES + 1)}\n`, ['3::LINE_TOO_LONG']],
    ['a line of megabytes', `${HEAD}${'x,"'.repeat(1_000_000)}\n${GOOD}`, ['2::LINE_TOO_LONG']],
    [
      'megabytes that are not UTF-8',
      Buffer.concat([Buffer.from(HEAD), Buffer.alloc(1e6, 0xff), Buffer.from('\n')]),
      ['2::LINE_TOO_LONG'],
    ],
    [
      'a duplicate column',
      `order,serial,product,serial\nPO-1,CL-1,golioth-node,CL-2\n`,
      ['1:serial:COLUMN_REPEATED'],
    ],
    [
      'a __proto__ column',
      `order,serial,product,__proto__\nPO-1,CL-1,golioth-node,x\n`,
      ['1:__proto__:COLUMN_UNKNOWN'],
    ],
    [
      'an attr.__proto__ column',
      `order,serial,product,attr.__proto__\nPO-1,CL-1,golioth-node,x\n`,
      ['1:attr.__proto__:COLUMN_UNKNOWN'],
    ],
    ['NUL', `${HEAD}PO-1,CL-\u00001,golioth-node\n`, ['2:serial:CONTROL_CHARACTER']],
    ['trailing spaces', `${HEAD}PO-1,CL-1 ,golioth-node\n`, ['2:serial:SPACES']],
    ['a no-break space', `${HEAD}PO-1,\u00a0CL-1,golioth-node\n`, ['2:serial:SPACES']],
    ['Cyrillic А', `${HEAD}PO-1,CL-\u0410,golioth-node\n`, ['2:serial:SERIAL_INVALID']],
    ['a zero-width space', `${HEAD}PO-1,CL\u200b1,golioth-node\n`, ['2:serial:INVISIBLE']],
    ['a right-to-left override', `${HEAD}PO-1,CL-1,\u202enode\n`, ['2:product:INVISIBLE']],
    ['a formula for a serial', `${HEAD}PO-1,"=HYPERLINK(""x"")",golioth-node\n`, ['2:serial:FORMULA']],
    [
      'a formula in an attribute',
      'order,serial,product,attr.a\nPO-1,CL-1,golioth-node,@SUM(A1)\n',
      ['2:attr.a:FORMULA'],
    ],
    [
      'a formula that begins with a number',
      'order,serial,product,attr.a\nPO-1,CL-1,golioth-node,-1+A1\n',
      ['2:attr.a:FORMULA'],
    ],
    ['invalid UTF-8', Buffer.from(`${HEAD}PO-1,CL-\xff,golioth-node\n${GOOD}`, 'latin1'), ['2::ENCODING']],
    ['U+FFFD', `${HEAD}PO-1,CL-1,golioth\uFFFDnode\n`, ['2:product:INVISIBLE']],
    ['an empty file', '', ['0::EMPTY']],
    ['a header alone', HEAD, ['0::NO_ROWS']],
  ])('%s is refused', async (_case, contents, expected) => {
    expect(await faults(contents)).toEqual(expected);
  });
});

describe('what a planner gets wrong', () => {
  it.each<[string, string, string[]]>([
    ['a required column is missing', 'order,serial\nPO-1,CL-1\n', ['1:product:COLUMN_MISSING']],
    [
      'a wrong column and a wrong row',
      'orders,serial,product\nPO-1,cl-1,golioth-node\n',
      ['1:orders:COLUMN_UNKNOWN', '2:serial:SERIAL_INVALID'],
    ],
    ['empty cells', `${HEAD},"",golioth-node\n`, ['2:order:CELL_EMPTY', '2:serial:CELL_EMPTY']],
    ['a serial in scientific notation', `${HEAD}PO-1,1.23E+12,golioth-node\n`, ['2:serial:MANGLED']],
    [
      'a serial of 65 characters',
      `${HEAD}PO-1,${'A'.repeat(65)},golioth-node\n`,
      ['2:serial:SERIAL_INVALID'],
    ],
    ['an order of 41 characters', `${HEAD}${'A'.repeat(41)},CL-1,golioth-node\n`, ['2:order:ORDER_INVALID']],
    [
      'a serial longer than its certificate has room for',
      `${HEAD}PO-1,${'C'.repeat(59)},prefixed-node\nPO-1,${'C'.repeat(60)},prefixed-node\n`,
      ['3:serial:SERIAL_TOO_LONG'],
    ],
    ['a path for a serial', `${HEAD}PO-1,../../etc/passwd,golioth-node\n`, ['2:serial:SERIAL_INVALID']],
    ['a second order', `${HEAD}${GOOD}PO-2,CL-2,golioth-node\n`, ['3:order:ORDER_SECOND']],
    ['a serial twice', `${HEAD}${GOOD}PO-1,CL-1,golioth-node\n`, ['3:serial:SERIAL_REPEATED']],
    ['an unknown product', `${HEAD}PO-1,CL-1,golioth-nod\n`, ['2:product:PRODUCT_UNKNOWN']],
    ['no board where one is wanted', `${BOARDS}PO-1,CL-1,listed-node,\n`, ['2:board_id:BOARD_ID_MISSING']],
    [
      'a board where none is wanted',
      'order,serial,product,board_id\nPO-1,CL-1,golioth-node,c0ffee\n',
      ['2:board_id:BOARD_ID_UNWANTED'],
    ],
    [
      'a board id that is not hex',
      'order,serial,product,board_id\nPO-1,CL-1,listed-node,c0ffeg\n',
      ['2:board_id:BOARD_ID_INVALID'],
    ],
    [
      'a board id in scientific notation',
      'order,serial,product,board_id\nPO-1,CL-1,listed-node,1.2E+15\n',
      ['2:board_id:MANGLED'],
    ],
    [
      'a board twice, in another case',
      'order,serial,product,board_id\nPO-1,CL-1,listed-node,C0FFEE\nPO-1,CL-2,listed-node,c0ffee\n',
      ['3:board_id:BOARD_ID_REPEATED'],
    ],
    [
      'a long attribute',
      `order,serial,product,attr.a\nPO-1,CL-1,golioth-node,${'x'.repeat(257)}\n`,
      ['2:attr.a:ATTR_TOO_LONG'],
    ],
    [
      '33 attributes',
      `order,serial,product,${Array.from({ length: 33 }, (_a, at) => `attr.a${at}`).join(',')}\n`,
      ['1::TOO_MANY_COLUMNS', '0::NO_ROWS'],
    ],
    [
      'three faults in one line',
      `${HEAD}po-1,cl-1,x\n`,
      ['2:order:ORDER_INVALID', '2:serial:SERIAL_INVALID', '2:product:PRODUCT_UNKNOWN'],
    ],
  ])('%s', async (_case, text, expected) => {
    expect(await faults(text)).toEqual(expected);
  });

  it('is told which character only looks right', async () => {
    const { issues } = await parsed(`${HEAD}PO-1,CL-\u0410,golioth-node\n`);
    expect(issues[0]?.expected).toContain('U+0410');
  });

  it('is shown values in which nothing is hidden', async () => {
    const { issues } = await parsed(`${HEAD}PO-1,CL\u202e\u001b[31m${'x'.repeat(100)},golioth-node\n`);
    expect(issues[0]?.value).toBe(`CL\\u{202e}\\u{1b}[31m${'x'.repeat(60)}…`);
  });
});

it.each([
  ['rows', 'x\n', 1_000_001, ['MANIFEST_CELL_COUNT', 'MANIFEST_TOO_MANY_ROWS']],
  ['empty rows', '\n', 0, ['MANIFEST_TOO_MANY_ROWS']],
  ['rows of empty cells', ',,\n', 0, ['MANIFEST_TOO_MANY_ROWS']],
])('stops after 1,000,000 %s', async (_, row, refused, expected) => {
  const path = temporaryFile(HEAD + row.repeat(1_000_500));
  const codes = new Set<string>();
  let rows = 0;
  for await (const page of parseManifest(path, [])) {
    rows += page.refused;
    for (const { code } of page.issues) codes.add(code);
  }
  expect(rows).toBe(refused);
  expect([...codes]).toEqual(expected);
});

describe('the faulty example', () => {
  it('is refused with twelve rows, each another fault', async () => {
    const found = await faults(readFileSync('manifests/faulty.csv'));
    expect(found).toEqual([
      '3::CELL_COUNT',
      '4:order:ORDER_SECOND',
      '5:serial:MANGLED',
      '6:serial:SERIAL_INVALID',
      '7:serial:SERIAL_REPEATED',
      '8:product:PRODUCT_UNKNOWN',
      '9:board_id:BOARD_ID_UNWANTED',
      '10:attr.hw_rev:FORMULA',
      '11::QUOTE',
      '12::EMPTY_LINE',
      '13:serial:SPACES',
      '15::CUT_SHORT',
    ]);
  });
});
