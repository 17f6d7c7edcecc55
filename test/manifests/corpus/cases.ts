import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LOCALE_CASES } from './locale-cases.ts';
import { MIXUP_CASES } from './mixup-cases.ts';
import { ONE_CAUSE_CASES } from './one-cause-cases.ts';
import { PLANNER_CASES } from './planner-cases.ts';
import { PROGRAM_CASES } from './program-cases.ts';

/** A file that a spreadsheet, a script or an accident makes, and the right answer to it. */
export interface Case {
  /** What happened to the file, as a planner would say it. */
  readonly situation: string;
  readonly content: string | Uint8Array;
  /** Units of an accepted file. */
  readonly accepted?: number;
  /** Words of the sentences on what was understood; none where it is absent. */
  readonly understood?: readonly string[];
  /** `line:column:CODE` of every row of the answer to a refused file. */
  readonly refused?: readonly string[];
  /** Words of what the first row of the answer expects, and words that it does not have. */
  readonly says?: readonly string[];
  readonly saysNot?: readonly string[];
}

const file = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'files', `${name}.csv`));

const HEAD = 'order,serial,product\n';
const lot = (...serials: string[]): string => rows(serials.map((serial) => `PO-7,${serial},node`));
const rows = (lines: readonly string[], head = 'order,serial,product'): string =>
  [head, ...lines].map((line) => `${line}\n`).join('');
const LOT = lot('AB-0001', 'AB-0002', 'AB-0003');
const crLf = (text: string): string => text.replaceAll('\n', '\r\n');
const attrs = (...values: string[]): string =>
  rows(
    values.map((value, at) => `PO-7,AB-000${at},node,${value}`),
    'order,serial,product,attr.note',
  );
const boards = (...ids: string[]): string =>
  rows(
    ids.map((id, at) => `PO-7,AB-000${at},pump,${id}`),
    'order,serial,product,board_id',
  );
const many = (count: number, row: (at: number) => string, head?: string): string =>
  rows(
    Array.from({ length: count }, (_row, at) => row(at)),
    head,
  );
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** What is accepted because nothing can be misunderstood. */
const ACCEPTED: readonly Case[] = [
  { situation: 'a plain file, LF', content: LOT, accepted: 3 },
  { situation: 'Excel, "CSV UTF-8": byte order mark, CR LF', content: `\uFEFF${crLf(LOT)}`, accepted: 3 },
  {
    situation: 'every cell quoted',
    content: '"order","serial","product"\n"PO-7","AB-1","node"\n',
    accepted: 1,
  },
  {
    situation: 'Google Sheets, SheetJS: no line break at the end',
    content: file('b01-google-sheets-no-final-newline'),
    accepted: 3,
    understood: ['no line break'],
  },
  {
    situation: 'the same with LF',
    content: file('03-no-final-newline'),
    accepted: 2,
    understood: ['no line break'],
  },
  {
    situation: 'European Excel: semicolons',
    content: file('d01-semicolon'),
    accepted: 3,
    understood: ['semicolons'],
  },
  {
    situation: 'tabs, as copied from a sheet',
    content: LOT.replaceAll(',', '\t'),
    accepted: 3,
    understood: ['tabs'],
  },
  {
    situation: 'semicolons, and commas in the cells',
    content: 'order;serial;product;attr.temp\nPO-7;AB-1;node;-1,5\n',
    accepted: 1,
    understood: ['semicolons'],
  },
  {
    situation: 'a line sep=; first',
    content: file('d04-sep-line-semicolon'),
    accepted: 3,
    understood: ['Line 1', 'semicolons'],
  },
  {
    situation: 'a line sep=, first',
    content: file('16-sep-comma'),
    accepted: 24,
    understood: ['Line 1', 'commas'],
  },
  {
    situation: 'a line sep=; first, in quotes, with CR LF',
    content: '"sep=;"\r\norder;serial;product\r\nPO-7;AB-1;node\r\n',
    accepted: 1,
    understood: ['Line 1'],
  },
  {
    situation: 'a space after each comma',
    content: file('d08-space-after-comma'),
    accepted: 3,
    understood: ['commas and spaces'],
  },
  {
    situation: 'header names with capitals',
    content: file('g01-header-case'),
    accepted: 3,
    understood: ['"Serial" as serial'],
  },
  {
    situation: 'header names with spaces around',
    content: rows(['PO-7,AB-1,node'], ' order ,serial , product'),
    accepted: 1,
    understood: ['without case and spaces'],
  },
  {
    situation: 'empty columns at the end',
    content: file('g11-trailing-empty-columns'),
    accepted: 3,
    understood: ['2 empty columns'],
  },
  {
    situation: 'empty columns and rows at the end',
    content: file('04-ghost-both'),
    accepted: 3,
    understood: ['2 empty columns', '4 empty CSV rows'],
  },
  {
    situation: 'empty columns',
    content: file('04-ghost-columns'),
    accepted: 3,
    understood: ['2 empty columns'],
  },
  {
    situation: 'empty rows at the end',
    content: file('04-ghost-rows'),
    accepted: 3,
    understood: ['4 empty CSV rows'],
  },
  {
    situation: 'an empty line at the end',
    content: `${LOT}\n`,
    accepted: 3,
    understood: ['1 empty CSV row was'],
  },
  {
    situation: 'an empty column between others',
    content: rows(['PO-7,,AB-1,node'], 'order,,serial,product'),
    accepted: 1,
    understood: ['1 empty column'],
  },
  {
    situation: '10,000 empty columns',
    content: file('g20-10000-empty-columns'),
    accepted: 2,
    understood: ['10000 empty columns'],
  },
  {
    situation: 'separators at the end of the rows alone',
    content: rows(['PO-7,AB-1,node,,', 'PO-7,AB-2,node,,']),
    accepted: 2,
  },
  {
    situation: 'Excel leaves out the last commas',
    content: file('k01-excel-ragged-rows'),
    accepted: 40,
    understood: ['before the last columns'],
  },
  {
    situation: 'Excel, "Unicode text": UTF-16 and tabs',
    content: utf16(`\uFEFF${crLf(LOT).replaceAll(',', '\t')}`),
    accepted: 3,
    understood: ['UTF-16', 'tabs'],
  },
  {
    situation: 'UTF-16 with the bytes in the other order',
    content: utf16(`\uFEFF${LOT}`).swap16(),
    accepted: 3,
    understood: ['UTF-16'],
  },
  { situation: 'UTF-16 without a mark', content: utf16(LOT), accepted: 3, understood: ['UTF-16'] },
  {
    situation: 'old Macintosh: CR alone',
    content: LOT.replaceAll('\n', '\r'),
    accepted: 3,
    understood: ['The header ends with CR'],
  },
  { situation: 'LF and CR LF mixed', content: `${HEAD}PO-7,AB-1,node\r\nPO-7,AB-2,node\n`, accepted: 2 },
  { situation: 'the version line of the template', content: `certline-manifest,1,\n${LOT}`, accepted: 3 },
  {
    situation: 'columns in another order',
    content: rows(['node,AB-1,PO-7'], 'product,serial,order'),
    accepted: 1,
  },
  { situation: 'honest values with a sign', content: file('h07-honest-signs'), accepted: 4 },
  { situation: 'a hyphen for nothing, and a sign with a unit', content: file('17-dash'), accepted: 5 },
  {
    situation: 'a zero-width joiner in Persian and in an emoji',
    content: attrs(
      '\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645',
      '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}',
    ),
    accepted: 2,
  },
  {
    situation: 'text in any script',
    content: attrs('Müller', 'Göteborg', '東京', 'שלום', 'Ångström'),
    accepted: 5,
  },
  { situation: 'a number sign that is no error', content: attrs('#12', '#A1', 'n/a', 'N/A'), accepted: 4 },
  {
    situation: 'serials of digits alone with one length',
    content: lot('000100', '000101', '102000'),
    accepted: 3,
  },
  {
    situation: 'serials of 19 digits in sequence, one ends with zeros',
    content: lot('1234567890123449999', '1234567890123450000', '1234567890123450001'),
    accepted: 3,
  },
  {
    situation: 'upper-case part numbers that look like months',
    content: lot('MAR-02A', 'MAR-02B', 'SEP-10'),
    accepted: 3,
  },
  {
    situation: 'a serial like a date where the serialPattern of the product allows it',
    content: 'order,serial,product\nPO-7,20260301,eight-digits\nPO-7,00000001,eight-digits\n',
    accepted: 2,
  },
  { situation: 'a right list of any boards', content: file('01-right-order'), accepted: 2 },
  { situation: 'a right list of listed boards', content: file('01-right-order-listed'), accepted: 2 },
  { situation: 'board ids with capitals', content: boards('C0FFEE01', 'C0FFEE02'), accepted: 2 },
];

/** What is refused, with the one cause that explains it. */
const REFUSED: readonly Case[] = [
  { situation: 'an empty file', content: '', refused: ['0::EMPTY'] },
  { situation: 'a byte order mark and nothing more', content: '\uFEFF', refused: ['0::EMPTY'] },
  { situation: 'a header alone', content: HEAD, refused: ['0::NO_ROWS'] },
  {
    situation: 'a header alone without a line break',
    content: file('03-header-only-no-newline'),
    refused: ['0::NO_ROWS'],
  },
  {
    situation: 'an XLSX or ODS workbook with the name of a CSV',
    content: Buffer.from('PK\u0003\u0004rest'),
    refused: ['0::NOT_TEXT'],
    says: ['Excel', 'LibreOffice', 'Google Sheets'],
  },
  { situation: 'an XLS workbook', content: Buffer.from('d0cf11e0a1b11ae1', 'hex'), refused: ['0::NOT_TEXT'] },
  { situation: 'a gzip archive', content: gzipSync(LOT), refused: ['0::NOT_TEXT'] },
  { situation: 'HTML called CSV', content: file('i09-html-as-csv'), refused: ['0::NOT_CSV'], says: ['HTML'] },
  {
    situation: 'XML called CSV',
    content: '<?xml version="1.0"?><a/>\n',
    refused: ['0::NOT_CSV'],
    says: ['XML'],
  },
  { situation: 'JSON called CSV', content: '[{"order":"PO-7"}]\n', refused: ['0::NOT_CSV'], says: ['JSON'] },
  { situation: 'UTF-32', content: Buffer.from('fffe00006f000000', 'hex'), refused: ['0::UTF32'] },
  {
    situation: 'Ctrl-Z at the end, as DOS programs write',
    content: file('b04-ctrl-z'),
    refused: ['5::TAIL'],
    says: ['Ctrl-Z'],
  },
  {
    situation: 'NULs at the end, after an interrupted copy',
    content: `${LOT}${'\u0000'.repeat(4096)}`,
    refused: ['5::TAIL'],
    says: ['NUL', 'copy the file again'],
  },
  {
    situation: 'NULs after half a row',
    content: `${LOT}PO-7,AB${'\u0000'.repeat(64)}`,
    refused: ['5::CUT_SHORT', '6::TAIL'],
  },
  {
    situation: 'the last row cut within a required cell',
    content: `${LOT}PO-7,AB-0`,
    refused: ['5::CUT_SHORT'],
    says: ['whole file'],
  },
  {
    situation: 'the last row cut within a serial in the last column',
    content: `${rows(['PO-7,node,AB-0001', 'PO-7,node,AB-0002'], 'order,product,serial')}PO-7,node,AB-00`,
    refused: ['4::CUT_SHORT'],
  },
  {
    situation: 'CR CR LF at the end of lines',
    content: LOT.replaceAll('\n', '\r\r\n'),
    refused: ['1::LINE_ENDING'],
    says: ['copy the original file as binary'],
  },
  {
    situation: 'an empty line before the header',
    content: file('b06-blank-line-first'),
    refused: ['1::NO_HEADER'],
    says: ['it is in line 2', 'delete line 1'],
  },
  {
    situation: 'title rows above the header',
    content: file('g10-title-row'),
    refused: ['1::NO_HEADER'],
    says: ['it is in line 3', 'delete lines 1 to 2'],
  },
  {
    situation: 'a comment above the header',
    content: `# lot 7\n${LOT}`,
    refused: ['1::NO_HEADER'],
    says: ['it is in line 2'],
  },
  {
    situation: 'no header',
    content: file('g05-header-missing'),
    refused: ['1::NO_HEADER'],
    says: ['order,serial,product'],
  },
  {
    situation: 'a header in another language',
    content: 'Auftrag,Seriennummer,Produkt\nPO-7,AB-1,node\n',
    refused: ['1:Auftrag:COLUMN_UNKNOWN', '1:Seriennummer:COLUMN_UNKNOWN', '1:Produkt:COLUMN_UNKNOWN'],
    says: ['order'],
  },
  {
    situation: 'a header in a language that is not known',
    content: 'Rendelés,Sorozatszám,Termék\nPO-7,AB-1,node\n',
    refused: ['1::NO_HEADER'],
  },
  {
    situation: 'a version that is not known',
    content: `certline-manifest,9\n${LOT}`,
    refused: ['1::VERSION'],
    says: ['version 1'],
  },
  {
    situation: 'vertical bars',
    content: LOT.replaceAll(',', '|'),
    refused: ['1::SEPARATOR'],
    says: ['vertical bars'],
  },
  {
    situation: 'full-width commas',
    content: LOT.replaceAll(',', '\uFF0C'),
    refused: ['1::SEPARATOR'],
    says: ['full-width'],
  },
  {
    situation: 'commas in the header, semicolons in the rows',
    content: file('d06-header-comma-rows-semicolon'),
    refused: ['2::SEPARATOR'],
    says: ['commas, as in the header', 'semicolons', '2 more CSV rows'],
  },
  {
    situation: 'commas and semicolons in the header',
    content: 'order,serial;product\nPO-7,AB-1;node\n',
    refused: ['1::SEPARATOR'],
    says: ['commas and by semicolons'],
  },
  {
    situation: 'each row in one cell',
    content: file('d07-one-cell-per-row'),
    refused: ['1::ONE_CELL'],
    says: ['split the text into columns'],
  },
  {
    situation: 'one row in one cell',
    content: rows(['PO-7,AB-1,node', '"PO-7,AB-2,node"', 'PO-7,AB-3,node']),
    refused: ['3::ONE_CELL'],
  },
  {
    situation: 'names of attributes that are not allowed',
    content: file('g14-attr-names'),
    refused: [
      '1:attr.2nd_rev:COLUMN_UNKNOWN',
      '1:attr._x:COLUMN_UNKNOWN',
      '1:attr.hw-rev:COLUMN_UNKNOWN',
      '1:attr.:COLUMN_UNKNOWN',
      '1:attr.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:COLUMN_UNKNOWN',
    ],
    says: ['begins with a letter', '"2"'],
  },
  {
    situation: 'a column that does not exist',
    content: rows(['PO-7,AB-1,node,x'], 'order,serial,product,colour'),
    refused: ['1:colour:COLUMN_UNKNOWN'],
  },
  {
    situation: 'a column with a space in its name',
    content: rows(['PO-7,AB-1,pump,c0ffee'], 'order,serial,product,Board ID'),
    refused: ['1:Board ID:COLUMN_UNKNOWN'],
    says: ['board_id'],
  },
  {
    situation: 'a required column is missing',
    content: rows(['PO-7,AB-1'], 'order,serial'),
    refused: ['1:product:COLUMN_MISSING'],
  },
  {
    situation: 'a column twice',
    content: rows(['PO-7,AB-1,node,AB-2'], 'order,serial,product,Serial'),
    refused: ['1:Serial:COLUMN_REPEATED'],
  },
  {
    situation: 'a value under an empty header cell',
    content: rows(['PO-7,AB-1,node,x'], 'order,serial,product,'),
    refused: ['2:column 4:COLUMN_UNNAMED'],
    says: ['a name for column 4'],
  },
  {
    situation: 'a cell too many',
    content: rows(['PO-7,AB-1,node,x']),
    refused: ['2::CELL_COUNT'],
    says: ['this CSV row has 4'],
  },
  {
    situation: 'the header again, after two files were joined',
    content: file('g07-header-repeated-same-order'),
    refused: ['4::HEADER_REPEATED'],
    says: ['delete line 4'],
  },
  {
    situation: 'the header again with a byte order mark',
    content: `\uFEFF${LOT}\uFEFF${lot('AB-0009')}`,
    refused: ['5::HEADER_REPEATED'],
  },
  { situation: 'a totals row', content: `${LOT}Total,3,\n`, refused: ['5::TOTALS'], says: ['delete line 5'] },
  { situation: 'a totals row in German', content: `${LOT}Summe: 3,,\n`, refused: ['5::TOTALS'] },
  { situation: 'a count below the serials', content: `${LOT},3,\n`, refused: ['5::TOTALS'] },
  {
    situation: 'an empty row between units',
    content: `${HEAD}PO-7,AB-1,node\n,,\nPO-7,AB-2,node\n`,
    refused: ['3::EMPTY_LINE'],
  },
  {
    situation: 'merged cells: the order once',
    content: `${HEAD}PO-7,AB-1,node\n,AB-2,node\n,AB-3,node\n`,
    refused: ['3:order:CELL_MERGED', '4:order:CELL_MERGED'],
    says: ['unmerge', 'fill them down'],
  },
  {
    situation: 'merged cells in 1,000 rows',
    content: `${HEAD}PO-7,AB-1000,node\n${many(1_000, (at) => `,AB-${2_000 + at},node`).slice(HEAD.length)}`,
    refused: ['3:order:CELL_MERGED'],
    says: ['999 more CSV rows', 'up to line 1002'],
  },
  {
    situation: 'Alt-Enter in a cell',
    content: file('h02-embedded-newline'),
    refused: ['2::LINE_BREAK'],
    says: ['line break in the sheet'],
  },
  {
    situation: 'Alt-Enter in a file with LF',
    content: `order,serial,product,attr.a\nPO-7,AB-1,node,"one\ntwo\nthree"\nPO-7,AB-2,node,x\n`,
    refused: ['2::LINE_BREAK'],
  },
  {
    situation: 'a quote that is not closed',
    content: `${HEAD}PO-7,"AB-1,node\nPO-7,AB-2,node\n`,
    refused: ['2::QUOTE'],
  },
  {
    situation: 'a row that is too long',
    content: `${HEAD}PO-7,AB-1,node${','.repeat(60_000)}x\n`,
    refused: ['2::LINE_TOO_LONG'],
  },
  {
    situation: 'Excel, "CSV" instead of "CSV UTF-8": an umlaut in Windows-1252',
    content: latin1(attrs('Müller')),
    refused: ['2::ENCODING'],
    says: ['"CSV UTF-8"'],
  },
  {
    situation: '1,000 such rows',
    content: latin1(many(1_000, (at) => `PO-7,AB-${1_000 + at},node,Müller`, 'order,serial,product,attr.a')),
    refused: ['2::ENCODING'],
    says: ['999 more CSV rows'],
  },
  {
    situation: 'UTF-8 that was read as Windows-1252',
    content: attrs('MÃ¼ller', 'GÃ¶teborg', 'â€œxâ€'),
    refused: ['2:attr.note:MISREAD', '3:attr.note:MISREAD', '4:attr.note:MISREAD'],
    says: ['as UTF-8'],
  },
  {
    situation: 'a serial as a number with an exponent',
    content: lot('1.23E+12'),
    refused: ['2:serial:MANGLED'],
    says: ['exponent'],
  },
  {
    situation: 'the same with a decimal comma',
    content: 'order;serial;product\nPO-7;1,23E+12;node\n',
    refused: ['2:serial:MANGLED'],
  },
  {
    situation: 'a board id as a number with an exponent',
    content: file('05-a-exponent-refused'),
    refused: ['4:board_id:MANGLED'],
    says: ['exponent'],
  },
  {
    situation: 'a board id whose exponent became a number',
    content: file('05-b-short-id'),
    refused: ['4:board_id:ZEROS_LOST'],
    says: ['here are 6, there 8'],
  },
  {
    situation: 'serials of 19 digits that were rounded',
    content: file('c04-16digit-rounded'),
    refused: ['2:serial:MANGLED', '3:serial:MANGLED', '4:serial:MANGLED'],
    says: ['keeps 15'],
  },
  {
    situation: 'serials of 16 digits that were rounded',
    content: lot('1234567890123450', '1234567890123460', '1234567890123470'),
    refused: ['2:serial:MANGLED', '3:serial:MANGLED', '4:serial:MANGLED'],
    says: ['keeps 15'],
  },
  {
    situation: 'one board id of 24 digits that was rounded',
    content: file('05-g-fifteen-digits-id'),
    refused: ['3:board_id:MANGLED'],
    says: ['keeps 15'],
  },
  {
    situation: 'leading zeros lost in one row',
    content: file('05-h-leading-zeros-serial'),
    refused: ['4:serial:ZEROS_LOST'],
    says: ['leading zeros', 'here are 3, there 7'],
  },
  {
    situation: 'leading zeros lost in all rows',
    content: lot('7', '42', '123', '124', '125'),
    refused: ['2:serial:ZEROS_LOST', '3:serial:ZEROS_LOST'],
    says: ['leading zeros'],
  },
  {
    situation: 'leading zeros lost in 1,000 rows',
    content: many(1_000, (at) => `PO-7,${at + 1},node`),
    refused: ['2:serial:ZEROS_LOST'],
    says: ['98 more CSV rows'],
  },
  {
    situation: 'a serial that the serialPattern of its product excludes',
    content: rows(['PO-7,00000001,eight-digits', 'PO-7,1,eight-digits']),
    refused: ['3:serial:SERIAL_PATTERN'],
    says: ['[0-9]{8}'],
  },
  {
    situation: 'a serial with the decimal places of a number',
    content: lot('90110001.0'),
    refused: ['2:serial:MANGLED'],
    says: ['decimal places'],
  },
  {
    situation: 'serials that became TRUE, NaN and NULL',
    content: lot('TRUE', 'NaN', 'NULL'),
    refused: ['2:serial:MANGLED', '3:serial:MANGLED', '4:serial:MANGLED'],
    says: ['the word TRUE'],
  },
  {
    situation: 'serials that became dates',
    content: file('c05-dates'),
    refused: ['2:serial:DATE', '3:serial:DATE', '4:serial:DATE', '5:serial:DATE'],
    says: ['format the column as text'],
  },
  {
    situation: 'one date among other serials',
    content: file('05-d-date-serial'),
    refused: ['4:serial:DATE'],
  },
  {
    situation: 'ISO dates',
    content: lot('2024-03-12', '2024-03-13'),
    refused: ['2:serial:DATE', '3:serial:DATE'],
  },
  {
    situation: 'errors of a spreadsheet in serials',
    content: file('c08-excel-errors'),
    refused: ['2:serial:SHEET_ERROR', '3:serial:SHEET_ERROR', '4:serial:SHEET_ERROR'],
    says: ['#N/A'],
  },
  {
    situation: 'errors of a spreadsheet in attributes',
    content: attrs('#N/A', '#REF!', '########', '#BEZUG!', '#DIV/0!'),
    refused: [2, 3, 4, 5, 6].map((line) => `${line}:attr.note:SHEET_ERROR`),
    says: ['#N/A'],
  },
  {
    situation: 'an apostrophe before the serial',
    content: lot("'000123"),
    refused: ['2:serial:APOSTROPHE'],
    says: ['without the apostrophe'],
  },
  {
    situation: 'lower-case letters, colons and underscores in serials',
    content: file('18-lower-mac-underscore'),
    refused: ['2:serial:SERIAL_INVALID', '3:serial:SERIAL_INVALID', '4:serial:SERIAL_INVALID'],
    says: ['lower-case'],
  },
  {
    situation: 'a Cyrillic letter that looks like a Latin one',
    content: lot('AB-\u0410'),
    refused: ['2:serial:SERIAL_INVALID'],
    says: ['U+0410'],
  },
  {
    situation: 'the name of a Windows device',
    content: lot('CON', 'NUL', 'COM1'),
    refused: ['2:serial:SERIAL_INVALID', '3:serial:SERIAL_INVALID', '4:serial:SERIAL_INVALID'],
    says: ['Windows'],
  },
  { situation: 'a no-break space before a serial', content: lot('\u00A0AB-1'), refused: ['2:serial:SPACES'] },
  { situation: 'a space after one serial', content: lot('AB-1 ', 'AB-2'), refused: ['2:serial:SPACES'] },
  { situation: 'a zero-width space in a serial', content: lot('AB\u200B1'), refused: ['2:serial:INVISIBLE'] },
  {
    situation: 'text that turns the direction of writing',
    content: file('f05-rtl-attr'),
    refused: ['2:attr.customer:INVISIBLE'],
  },
  {
    situation: 'a NUL within a cell',
    content: lot('AB\u00001'),
    refused: ['2:serial:CONTROL_CHARACTER'],
    says: ['U+0000'],
  },
  {
    situation: 'formulas in an attribute',
    content: attrs('=HYPERLINK(B2)', '@SUM(A1)', "+cmd|'/C calc'!A0", '-1+A1'),
    refused: [2, 3, 4, 5].map((line) => `${line}:attr.note:FORMULA`),
    says: ['paste them as values'],
  },
  {
    situation: 'a formula for a serial',
    content: `${HEAD}PO-7,"=""0001""",node\n`,
    refused: ['2:serial:FORMULA'],
  },
  {
    situation: 'a product that is not configured',
    content: file('h14-two-products'),
    refused: ['3:product:PRODUCT_UNKNOWN'],
    says: ['golioth-node'],
  },
  {
    situation: 'a serial twice',
    content: lot('AB-1', 'AB-2', 'AB-1'),
    refused: ['4:serial:SERIAL_REPEATED'],
    says: ['line 2'],
  },
  {
    situation: 'a second order',
    content: `${LOT}PO-8,AB-0004,node\n`,
    refused: ['5:order:ORDER_SECOND'],
    says: ['PO-7'],
  },
  {
    situation: 'a board id twice, in another case',
    content: boards('C0FFEE', 'c0ffee'),
    refused: ['3:board_id:BOARD_ID_REPEATED'],
  },
  {
    situation: 'a board id with colons',
    content: boards('AA:BB:CC'),
    refused: ['2:board_id:BOARD_ID_INVALID'],
    says: ['":"'],
  },
  {
    situation: 'random bytes',
    content: Buffer.from(Array.from({ length: 500 }, (_byte, at) => (at * 7919) % 251)),
    refused: ['1::NO_HEADER'],
  },
];

export const CASES: readonly Case[] = [
  ...ACCEPTED,
  ...REFUSED,
  ...PROGRAM_CASES,
  ...PLANNER_CASES,
  ...LOCALE_CASES,
  ...ONE_CAUSE_CASES,
  ...MIXUP_CASES,
];
