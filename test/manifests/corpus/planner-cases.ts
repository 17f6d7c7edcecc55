import type { Case } from './cases.ts';

const HEAD = 'order,serial,product\n';
const lot = (...serials: string[]): string =>
  HEAD + serials.map((serial) => `PO-7,${serial},node\n`).join('');
const LOT = lot('AB-0001', 'AB-0002');
const boards = (...ids: string[]): string =>
  `order,serial,product,board_id\n${ids.map((id, at) => `PO-7,AB-000${at},pump,${id}\n`).join('')}`;
const attrs = (...values: string[]): string =>
  `order,serial,product,attr.note\n${values.map((value, at) => `PO-7,AB-${1000 + at},node,${value}\n`).join('')}`;
const every = (count: number, code: string, column = 'serial'): string[] =>
  Array.from({ length: count }, (_, at) => `${at + 2}:${column}:${code}`);
/** UTF-8 that a program read as Windows-1252. */
const misread = (text: string): string => new TextDecoder('windows-1252').decode(Buffer.from(text));
const allMisread = (...texts: string[]): Pick<Case, 'content' | 'refused' | 'says'> => ({
  content: attrs(...texts.map(misread)),
  refused: every(texts.length, 'MISREAD', 'attr.note'),
  says: ['as UTF-8'],
});
const HONEST = [
  'Ångström, Ärger, Öl, Übung, groß',
  '„Gruß“ und „Fuß“ – Maß…',
  'ÉCOLE »',
  '«ÉTÉ» et «été…» «DÉJÀ»',
  '“café”… déjà vu — où',
  'CAFÉ™ CAFÉ’S JOSÉ® É° É…',
  '«Ñandú» ESPAÑA ¿Qué? ¡Olé!',
  '«MANHÃ» IRMÃ® CÂMARA Â',
  'Malmö SKÅ» Åre MALMÖ’S A–Ä–Ö',
  'BANGLADÉŠ Bangladéš»',
  'İstanbul ŞEHİR GÜÇ’E ığdır ÖZGÜÇ»',
  'Đường Âu Cơ ẤP Ưu',
  'СІРІ РІВНЕ Рівне Січ «Россия» СССР',
  '±5 °C 25°C £5 5 € 10 kΩ 10 µF 20 µm² ½ ¼ 3×½ 10×–20×',
  '2Å–3Å 5 Å² 1 Å… Ø10 Ø½ Ø ± ×',
  '北京 서울 Ελλάδα Київ שלום مرحبا',
  '???? M?ller',
];

/** What a review of planners' files found: right values that were refused, and wrong ones that were not. */
export const PLANNER_CASES: readonly Case[] = [
  {
    situation: 'a board id of hexadecimal digits that looks like a number with an exponent',
    content: boards('0090330E4571', '0090330E4572'),
    accepted: 2,
  },
  { situation: 'one such board id alone', content: boards('0090330E4571'), accepted: 1 },
  {
    situation: 'short board ids, one of them with an E between digits',
    content: boards('1E15', '00A7', '2e1F'),
    accepted: 3,
  },
  { situation: 'board ids that all have an E between digits', content: boards('1E15', '1E16'), accepted: 2 },
  {
    situation: 'a board id as a number with an exponent in a narrow column',
    content: boards('0090330E4571', '1E15', '0090330E4573'),
    refused: ['3:board_id:MANGLED'],
    says: ['exponent'],
  },
  {
    situation: 'serials that have an E between digits, beside others of their length',
    content: lot('1E5', 'A17', '2E15'),
    accepted: 3,
  },
  {
    situation: 'serials as numbers with an exponent in a narrow column',
    content: lot('AB-0001', '1E15', '2E15'),
    refused: ['3:serial:MANGLED', '4:serial:MANGLED'],
    says: ['exponent', 'serialPattern'],
  },
  {
    situation: 'honest text with signs beside letters, in many languages',
    content: attrs(...HONEST.map((text) => `"${text}"`)),
    accepted: HONEST.length,
  },
  {
    situation: 'Turkish that was read as Windows-1252: `Ä°stanbul`',
    ...allMisread('İstanbul', 'şehir', 'ALİ', 'güç', 'Iğdır'),
  },
  {
    situation: 'Polish and Czech that was read as Windows-1252: `GdaÅ„sk`',
    ...allMisread('Gdańsk', 'Żywiec', 'Plzeň', 'Łódź', 'PLZEŇ', 'są', 'KRAKÓW', 'MAROKKÓ', 'ITALŲ'),
  },
  {
    situation: 'German, French, Spanish and Portuguese that was read as Windows-1252: `KÃ¶ln`',
    ...allMisread(
      'Köln',
      'KÖLN',
      'à',
      'déjà',
      'año',
      'São Paulo',
      'CAFÉ',
      'größe',
      '25 °C',
      '£5',
      '5 €',
      '±5',
      '–',
    ),
  },
  {
    situation: 'Greek, Russian, Ukrainian, Hebrew and Arabic that was read as Windows-1252',
    ...allMisread('Ελλάδα', 'Москва', 'Київ', 'שלום', 'مرحبا', '10 kΩ', '10 μF'),
  },
  {
    situation: 'Chinese, Japanese, Korean and Vietnamese that was read as Windows-1252: `åŒ—äº¬`',
    ...allMisread('北京', '東京', '서울', 'Đường', 'Cơ', '😀', '\uFFFD'),
  },
  {
    situation: 'one word of a text that was read as Windows-1252',
    content: attrs(`Gdańsk ${misread('Gdańsk')} – ok`, misread('Łódź').slice(0, -1)),
    refused: every(2, 'MISREAD', 'attr.note'),
  },
  {
    situation: 'Russian that was read as Windows-1251: `РњРѕСЃРєРІР°`',
    content: attrs(
      ...['Москва', 'Київ'].map((text) => new TextDecoder('windows-1251').decode(Buffer.from(text))),
    ),
    refused: every(2, 'MISREAD', 'attr.note'),
  },
  {
    situation: 'unreadable characters that were read as Chinese: `锟斤拷`',
    content: attrs('锟斤拷锟斤拷'),
    refused: every(1, 'MISREAD', 'attr.note'),
  },
  {
    situation: 'a product name that was read as Windows-1252',
    content: `${HEAD}PO-7,AB-1,${misread('Łódź')}\n`,
    refused: ['2:product:MISREAD'],
  },
  {
    situation: 'errors of Excel in Dutch, Czech and Italian, and of LibreOffice in Polish and Czech',
    content: attrs('#N/B', '#NENÍ_K_DISPOZICI', '#N/DISP', 'Błąd:502', 'Chyba:502', 'Err :508', 'Ошибка:504'),
    refused: every(7, 'SHEET_ERROR', 'attr.note'),
  },
  {
    situation: 'Google Sheets: a value that was not computed yet',
    content: attrs('Loading...'),
    refused: every(1, 'SHEET_ERROR', 'attr.note'),
    says: ['wait until the sheet has computed it'],
  },
  {
    situation: 'honest values that look like an error',
    content: attrs('Port:502', 'Room :512', 'Loading bay...', '#N/1', 'etc.'),
    accepted: 5,
  },
  {
    situation: 'an attribute with numbers that have an exponent',
    content: attrs('3.56938E+14', '3.57E-14', '"3,56938E+14"', 'A+1', '1+1'),
    accepted: 5,
    understood: ['attr.note has numbers with an exponent (3.56938E+14) in 2 CSV rows'],
  },
  {
    situation: 'serials that became dates in Dutch, Danish and Indian',
    content: lot('1-3-2024', '01-03-2024', '2024-3-1', '31-12-1999', '12-31-2024'),
    refused: every(5, 'DATE'),
    says: ['format the column as text'],
  },
  {
    situation: 'serials with hyphens that are no dates',
    content: lot('1-3-2124', '41-03-2024', '2024-13-1', '0001-2-3', '13-14-2024', '2024-0001'),
    accepted: 6,
  },
  {
    situation: 'such serials where the serialPattern of the product allows them',
    content: `${HEAD}PO-7,01-03-2024,dated\nPO-7,NA,dated\n`,
    accepted: 2,
  },
  {
    situation: 'R, Stata: the word NA for a missing serial',
    content: lot('AB-0001', 'NA', 'AB-0003'),
    refused: ['3:serial:MANGLED'],
    says: ['the word NA', 'serialPattern'],
  },
  { situation: 'NA among serials of two letters', content: lot('MA', 'NA', 'OA'), accepted: 3 },
  {
    situation: 'a Cyrillic letter in a board id',
    content: boards('\u0410B2C3D4E'),
    refused: ['2:board_id:BOARD_ID_INVALID'],
    says: ['the "\u0410" in this value is U+0410: type it again'],
  },
  {
    situation: 'a Cyrillic letter in a product name',
    content: `${HEAD}PO-7,AB-1,n\u043Ede\n`,
    refused: ['2:product:PRODUCT_UNKNOWN'],
    says: ['golioth-node', 'the "\u043E" in this value is U+043E: type it again'],
  },
  {
    situation: 'a word processor: a hyphen that never ends a line in a product name',
    content: `${HEAD}PO-7,AB-1,golioth\u2011node\n`,
    refused: ['2:product:PRODUCT_UNKNOWN'],
    says: ['is U+2011'],
  },
  {
    situation: 'a Cyrillic letter in a column name',
    content: 'serial,product,\u043Erder\nAB-1,node,PO-7\n',
    refused: ['1:\u043Erder:COLUMN_UNKNOWN'],
    says: ['order; the "\u043E" in this value is U+043E: type it again'],
  },
  {
    situation: 'a zero-width space in a column name',
    content: 'serial,product,ord\u200Ber\nAB-1,node,PO-7\n',
    refused: [String.raw`1:ord\u{200b}er:COLUMN_UNKNOWN`],
    says: [String.raw`order; the "\u{200b}" in this value is U+200B`],
  },
  {
    situation: 'invisible characters in the names of attributes',
    content: 'order,serial,product,attr.a\u200Bb,attr.a\u001B[2Jz,attr.\u{1F600}\nPO-7,AB-1,node,,,\n',
    refused: [
      String.raw`1:attr.a\u{200b}b:COLUMN_UNKNOWN`,
      String.raw`1:attr.a\u{1b}[2Jz:COLUMN_UNKNOWN`,
      '1:attr.\u{1F600}:COLUMN_UNKNOWN',
    ],
    says: [String.raw`the "\u{200b}" in this value is U+200B`],
  },
  {
    situation: 'an escape character as the separator',
    content: `sep=\u001B\n${lot('AB-1').replaceAll(',', '\u001B')}`,
    refused: ['2::SEPARATOR'],
    says: [String.raw`here are "\u{1b}"`],
  },
  {
    situation: 'a Cyrillic letter in the name of an attribute',
    content: 'order,serial,product,\u0430ttr.note\nPO-7,AB-1,node,x\n',
    refused: ['1:\u0430ttr.note:COLUMN_UNKNOWN'],
    says: ['attr.<name>; the "\u0430" in this value is U+0430'],
  },
  {
    situation: 'a line sep=; above a header with commas',
    content: `sep=;\n${lot('AB-1')}`,
    refused: ['1::SEPARATOR'],
    says: ['line 1 says semicolons', 'the header has commas', 'delete line 1'],
  },
  {
    situation: 'a line sep=, above a header with semicolons',
    content: `sep=,\n${lot('AB-1').replaceAll(',', ';')}`,
    refused: ['1::SEPARATOR'],
    says: ['line 1 says commas', 'the header has semicolons', 'delete line 1'],
  },
  {
    situation: 'a space after each comma of the header, and none in the rows',
    content: lot('AB-1', 'AB-2').replace(HEAD, 'order, serial, product\n'),
    accepted: 2,
    understood: ['commas and spaces', 'In the CSV rows, no space follows the commas'],
  },
  {
    situation: 'the same with semicolons, and one row without a line break',
    content: 'order; serial; product\nPO-7;AB-1;node',
    accepted: 1,
    understood: ['In the CSV rows, no space follows the semicolons', 'no line break'],
  },
  {
    situation: 'semicolons and spaces, and an editor that removed the last space',
    content: 'order; serial; product; attr.note\nPO-7; AB-1; node;\nPO-7; AB-2; node; x\n',
    accepted: 2,
    understood: ['semicolons and spaces'],
  },
  {
    situation: 'the same with an empty cell before, and without a line break at the end',
    content: 'order, serial, product, attr.a, attr.b\nPO-7, AB-2, node, x, y\nPO-7, AB-1, node, ,',
    accepted: 2,
    understood: ['commas and spaces', 'no line break'],
  },
  {
    situation: 'a totals row of a pivot table in Russian',
    content: `${LOT}Общий итог,2,\n`,
    refused: ['4::TOTALS'],
    says: ['delete line 4'],
  },
  {
    situation: 'a totals row of a pivot table in Czech',
    content: `${LOT}Celkový součet,2,\n`,
    refused: ['4::TOTALS'],
  },
  {
    situation: 'the order and the number of its units below them',
    content: `${LOT}PO-7,2,\n`,
    refused: ['4::TOTALS'],
    says: ['delete line 4'],
  },
  {
    situation: 'a product written once, and serials of digits alone',
    content: `${HEAD}PO-7,1001,node\nPO-7,1002,\nPO-7,1003,\n`,
    refused: ['3:product:CELL_MERGED', '4:product:CELL_MERGED'],
  },
  {
    situation: 'a number of units below them',
    content: `${LOT}Qty: 2,,\n`,
    refused: ['4::NOTE'],
    says: ['delete line 4'],
  },
  { situation: 'a line of asterisks at the end', content: `${LOT}*** END ***,,\n`, refused: ['4::NOTE'] },
  { situation: 'the same without a line break', content: `${LOT}// end`, refused: ['4::NOTE'] },
  {
    situation: 'a comment between the units',
    content: `${LOT}# second box, built by X, 2024\nPO-7,AB-0003,node\n`,
    refused: ['4::NOTE'],
    says: ['this is a note, so delete line 4'],
  },
  {
    situation: 'a comment above the units',
    content: LOT.replace(HEAD, `${HEAD}# first box, built by X, 2024\n`),
    refused: ['2::NOTE'],
  },
  { situation: 'a unit made a comment', content: `${LOT}#PO-7,AB-0003,node\n`, refused: ['4::NOTE'] },
  {
    situation: 'a number sign before the serials',
    content: 'serial,order,product\n#0001,PO-7,node\n#0002,PO-7,node\n',
    refused: ['2:serial:SERIAL_INVALID', '3:serial:SERIAL_INVALID'],
    says: ['here is a "#"'],
  },
  {
    situation: 'LF after the header, CR after the rows',
    content: HEAD + lot('AB-1', 'AB-2').slice(HEAD.length).replaceAll('\n', '\r'),
    refused: ['2::LINE_ENDING'],
    says: ['one kind of line end', 'CR (U+000D)'],
  },
  {
    situation: 'the same in a large file',
    content:
      HEAD +
      lot(...Array.from({ length: 5_000 }, (_, at) => `AB-${1_000 + at}`))
        .slice(HEAD.length)
        .replaceAll('\n', '\r'),
    refused: ['2::LINE_ENDING'],
    says: ['one kind of line end'],
  },
  {
    situation: 'CR LF, and CR alone after one row',
    content: 'order,serial,product\r\nPO-7,AB-1,node\rPO-7,AB-2,node\r\nPO-7,AB-3,node\r\n',
    refused: ['2::LINE_ENDING'],
    says: ['CR (U+000D)'],
  },
  {
    situation: 'the same with quoted cells',
    content: '"order","serial","product"\r\n"PO-7","AB-1","node"\r"PO-7","AB-2","node"\r\n',
    refused: ['2::LINE_ENDING'],
  },
  {
    situation: 'CR LF after a line sep=; and CR after the header',
    content: 'sep=;\r\norder;serial;product\rPO-7;AB-1;node\r\n',
    refused: ['2::LINE_ENDING'],
    says: ['CR (U+000D)'],
  },
  {
    situation: 'CR after the header, CR LF after the rows',
    content: 'order,serial,product\rPO-7,AB-1,node\r\nPO-7,AB-2,node\r\n',
    accepted: 2,
    understood: ['The header ends with CR'],
  },
  {
    situation: 'the same in UTF-16',
    content: Buffer.from('\uFEFForder,serial,product\rPO-7,AB-1,node\r\nPO-7,AB-2,node\r\n', 'utf16le'),
    accepted: 2,
    understood: ['UTF-16', 'The header ends with CR'],
  },
  {
    situation: 'CR after the header, CR LF after many rows',
    content: lot(...Array.from({ length: 9_000 }, (_, at) => `AB-${1_000 + at}`))
      .replaceAll('\n', '\r\n')
      .replace('\r\n', '\r'),
    accepted: 9_000,
    understood: ['The header ends with CR'],
  },
  {
    situation: 'every required column name with an asterisk',
    content: lot('AB-1').replace(HEAD, 'order*,serial*,product*\n'),
    refused: ['1:order*:COLUMN_UNKNOWN', '1:serial*:COLUMN_UNKNOWN', '1:product*:COLUMN_UNKNOWN'],
    says: ['order'],
  },
  {
    situation: 'every column name with a note, and semicolons',
    content: 'Order (required);Serial (required);Product (required);Board ID\nPO-7;AB-1;node;\n',
    refused: [
      '1:Order (required):COLUMN_UNKNOWN',
      '1:Serial (required):COLUMN_UNKNOWN',
      '1:Product (required):COLUMN_UNKNOWN',
      '1:Board ID:COLUMN_UNKNOWN',
    ],
  },
  {
    situation: 'a PDF with the name of a CSV',
    content: '%PDF-1.7\n',
    refused: ['0::NOT_TEXT'],
    says: ['this file is a PDF'],
  },
  {
    situation: 'Excel, "Single File Web Page"',
    content:
      'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related; boundary="----=_x"\r\n',
    refused: ['0::NOT_CSV'],
    says: ['this file is a web page archive'],
  },
  {
    situation: 'the source of a mail',
    content: 'MIME-Version: 1.0\r\nContent-Type: text/plain\r\n',
    refused: ['0::NOT_CSV'],
    says: ['this file is a mail'],
  },
  {
    situation: 'no product, and serials that count from 0',
    content: 'order,serial\nPO-7,0\nPO-7,1\nPO-7,2\n',
    refused: ['1:product:COLUMN_MISSING'],
  },
  {
    situation: 'semicolons and spaces, and a last row that is cut before the product',
    content: 'order; serial; product\nPO-7; AB-1; node\nPO-7; AB-2;',
    refused: ['3::CUT_SHORT'],
  },
];
