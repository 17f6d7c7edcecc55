import type { Case } from './cases.ts';

const HEAD = 'order,serial,product\n';
const lot = (...serials: string[]): string =>
  HEAD + serials.map((serial) => `PO-7,${serial},node\n`).join('');
const attrs = (...values: string[]): string =>
  `order,serial,product,attr.note\n${values.map((value, at) => `PO-7,AB-000${at},node,${value}\n`).join('')}`;
const LOT = lot('AB-0001', 'AB-0002');
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const every = (count: number, code: string, column = 'serial'): string[] =>
  Array.from({ length: count }, (_, at) => `${at + 2}:${column}:${code}`);

/** What the programs of planners do to a manifest, in other languages than English too. */
export const PROGRAM_CASES: readonly Case[] = [
  {
    situation: 'header names in capitals by a Turkish program',
    content: LOT.replace('order,serial', 'ORDER,SERİAL'),
    accepted: 2,
    understood: ['"SERİAL" as serial'],
  },
  {
    situation: 'capitals made small by a Turkish program',
    content: LOT.replace('order,serial', 'order,serıal'),
    accepted: 2,
    understood: ['"serıal" as serial'],
  },
  {
    situation: 'two byte order marks, after two programs',
    content: `\uFEFF\uFEFF${LOT}`,
    accepted: 2,
    understood: [String.raw`"\u{feff}order" as order`],
  },
  {
    situation: 'SAP, list with tabs: an empty first column',
    content: '\torder\tserial\tproduct\n\tPO-7\tAB-0001\tnode\n',
    accepted: 1,
    understood: ['tabs', 'empty column'],
  },
  { situation: 'a typographic minus before a value', content: attrs('−40C', '±5'), accepted: 2 },
  {
    situation: 'SAP, unconverted list: vertical bars and lines of hyphens',
    content:
      '-----------------------\n|order|serial |product|\n-----------------------\n|PO-7 |AB-0001|node   |\n',
    refused: ['2::SEPARATOR'],
    says: ['vertical bars'],
  },
  {
    situation: 'LibreOffice, fixed column width: spaces',
    content: 'order  serial   product\nPO-7   AB-0001  node\n',
    refused: ['1::SEPARATOR'],
    says: ['spaces'],
  },
  {
    situation: 'colons',
    content: LOT.replaceAll(',', ':'),
    refused: ['1::SEPARATOR'],
    says: ['colons'],
  },
  {
    situation: 'Arabic commas',
    content: LOT.replaceAll(',', '\u060C'),
    refused: ['1::SEPARATOR'],
    says: ['Arabic commas'],
  },
  {
    situation: 'a word processor: typographic quotes around each cell',
    content: '“order”,“serial”,“product”\n“PO-7”,“AB-0001”,“node”\n',
    refused: ['1::QUOTE'],
    says: ['“ and ”'],
  },
  {
    situation: 'LibreOffice, apostrophe as the text delimiter',
    content: "'order','serial','product'\n'PO-7','AB-0001','node'\n",
    refused: ['1::QUOTE'],
    says: ["here are '"],
  },
  {
    situation: 'quoted cells that were quoted again',
    content: `${HEAD}"""PO-7""","""AB-0001""","""node"""\n`,
    refused: ['2:order:QUOTE', '2:serial:QUOTE', '2:product:QUOTE'],
    says: ['twice'],
  },
  {
    situation: 'a formula that keeps the text of a cell: `="AB-0001"`',
    content: `${HEAD}="PO-7",="AB-0001",="node"\n`,
    refused: ['2::FORMULA'],
  },
  {
    situation: 'the same in quotes',
    content: `${HEAD}"=""PO-7""","=""AB-0001""","=""node"""\n`,
    refused: ['2:order:FORMULA', '2:serial:FORMULA', '2:product:FORMULA'],
  },
  {
    situation: 'Numbers: the name of the table above the header',
    content: `Table 1\n${LOT}`,
    refused: ['1::NO_HEADER'],
    says: ['delete line 1'],
  },
  {
    situation: 'PowerShell: a line #TYPE above the header',
    content: `#TYPE System.Management.Automation.PSCustomObject\n${LOT}`,
    refused: ['1::NO_HEADER'],
    says: ['delete line 1'],
  },
  {
    situation: 'a chat program: a fence around the file',
    content: `\`\`\`csv\n${LOT}\`\`\`\n`,
    refused: ['1::NO_HEADER'],
    says: ['delete line 1'],
  },
  {
    situation: 'pandas: the number of each row in a first column without a name',
    content: ',order,serial,product\n0,PO-7,AB-0001,node\n1,PO-7,AB-0002,node\n',
    refused: ['2:column 1:COLUMN_UNNAMED'],
    says: ['the same in 1 more'],
  },
  {
    situation: 'a note in a column name',
    content: LOT.replace('serial', 'serial (text)'),
    refused: ['1:serial (text):COLUMN_UNKNOWN'],
    says: ['serial'],
  },
  {
    situation: 'a mail that was answered: > before each line',
    content: LOT.replaceAll(/^(?=.)/gm, '> '),
    refused: ['1:> order:COLUMN_UNKNOWN'],
    says: ['order'],
  },
  {
    situation: 'the source of a mail, in quoted-printable',
    content: LOT.replaceAll('\n', '=0D=0A\n'),
    refused: ['0::NOT_CSV'],
    says: ['quoted-printable'],
  },
  {
    situation: 'the source of a mail, in base64',
    content: `${Buffer.from(LOT).toString('base64')}\n`,
    refused: ['0::NOT_CSV'],
    says: ['base64'],
  },
  {
    situation: 'RTF called CSV',
    content: String.raw`{\rtf1\ansi order,serial,product\par PO-7,AB-0001,node\par}`,
    refused: ['0::NOT_CSV'],
    says: ['RTF'],
  },
  {
    situation: 'the second file of macOS on a stick of Windows',
    content: Buffer.from('00051607000200004d6163204f532058', 'hex'),
    refused: ['0::NOT_TEXT'],
  },
  {
    situation: 'a telephone: its signature below the units',
    content: `${LOT}Sent from my telephone\n`,
    refused: ['4::CELL_COUNT'],
    says: ['delete line 4'],
  },
  {
    situation: 'a telephone: dashes in the place of hyphens',
    content: lot('AB–0001', 'AB—0002'),
    refused: every(2, 'SERIAL_INVALID'),
    says: ['U+2013'],
  },
  {
    situation: 'a Chinese keyboard: full-width letters and digits',
    content: lot('ＡＢ－０００１'),
    refused: every(1, 'SERIAL_INVALID'),
    says: ['U+FF21'],
  },
  {
    situation: 'lines that end with the line break of a word processor (U+2028)',
    content: LOT.replaceAll('\n', '\u2028'),
    refused: ['1::LINE_ENDING'],
    says: ['U+2028'],
  },
  {
    situation: 'Excel in Chinese, "CSV": the mark of GB 18030',
    content: Buffer.concat([Buffer.of(0x84, 0x31, 0x95, 0x33), Buffer.from(LOT)]),
    refused: ['1::ENCODING'],
  },
  {
    situation: 'an umlaut in Windows-1252 in the header',
    content: latin1(LOT.replace('product', 'product,attr.größe')),
    refused: ['1::ENCODING'],
  },
  {
    situation: 'UTF-16 cut within a character',
    content: Buffer.from(`\uFEFF${LOT}`, 'utf16le').subarray(0, -1),
    refused: ['0::CUT_SHORT'],
  },
  {
    situation: 'UTF-8 cut within a character',
    content: Buffer.from(attrs('größe')).subarray(0, -5),
    refused: ['2::CUT_SHORT'],
  },
  {
    situation: 'dates by Excel in German, French, Turkish and Chinese',
    content: lot('01. Mrz', '1. März', 'févr-26', '01.Şub', 'Oca.26', '3月1日', '2026/3/1'),
    refused: every(7, 'DATE'),
  },
  { situation: 'serials that became times', content: lot('12:30', '08:15:00'), refused: every(2, 'DATE') },
  {
    situation: 'serials of digits in groups, in German, French and English',
    content: lot('1.234.567', '1\u202F234\u202F568', '"1,234,569"'),
    refused: every(3, 'MANGLED'),
    says: ['separators'],
  },
  {
    situation: 'LibreOffice and Numbers: an exponent without a sign or with three digits',
    content: lot('1.23457E12', '1.2345678E+012'),
    refused: every(2, 'MANGLED'),
  },
  {
    situation: 'serials that became "true" in German, Spanish and Turkish',
    content: lot('WAHR', 'VERDADERO', 'DOĞRU'),
    refused: every(3, 'MANGLED'),
  },
  {
    situation: 'errors of LibreOffice, and of Excel in German, Spanish and Turkish',
    content: attrs('Err:502', 'Fehler:508', '#BEZUG!', '#¡VALOR!', '#YOK'),
    refused: every(5, 'SHEET_ERROR', 'attr.note'),
  },
  {
    situation: 'a totals row in Turkish',
    content: `${LOT}TOPLAM,2,\n`,
    refused: ['4::TOTALS'],
  },
  {
    situation: 'a totals row of a pivot table in German',
    content: `${LOT}Gesamtergebnis,2,\n`,
    refused: ['4::TOTALS'],
  },
  {
    situation: 'a line break as workbooks write it: `_x000D_`',
    content: attrs('two lines_x000D_'),
    refused: ['2:attr.note:LINE_BREAK'],
  },
  {
    situation: 'text from the source of a web page: `R&amp;D`',
    content: attrs('R&amp;D'),
    refused: ['2:attr.note:MISREAD'],
    says: ['&amp;'],
  },
];
