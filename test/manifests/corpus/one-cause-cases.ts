import type { Case } from './cases.ts';

const HEAD = 'order,serial,product,attr.rev';
const UNITS = ['PO-7,AB-0001,node,B2', 'PO-7,AB-0002,node,B2', 'PO-7,AB-0003,node,B2'];
const lines = (...rows: string[]): string => `${[HEAD, ...rows, ...UNITS].join('\n')}\n`;
const quoted = (row: string, open: string, close: string): string =>
  row
    .split(',')
    .map((cell) => open + cell + close)
    .join(',');
const allQuoted = (rows: readonly string[], open: string, close: string): string =>
  `${[HEAD, ...rows.map((row) => quoted(row, open, close))].join('\n')}\n`;
const boardsUnder = (name: string): string =>
  `order,serial,product,${name}\nPO-7,AB-0001,pump,00A1\nPO-7,AB-0002,pump,00A2\n`;
const named = (order: string, serial: string, product: string): string =>
  `${order},${serial},${product}\nPO-7,AB-0001,node\nPO-7,AB-0002,node\n`;
const noted = (...values: string[]): string =>
  `order,serial,product,attr.note\n${values.map((value, at) => `PO-7,AB-000${at},node,${value}\n`).join('')}`;

const many = (count: number, row: (at: number) => string): string[] =>
  Array.from({ length: count }, (_, at) => row(at));

/** Characters of which nobody sees anything: fillers, selectors, vowel signs, Braille, music, a picture that was lost. */
const UNSEEN = Array.from(
  '\u3164\u2800\u115F\u1160\uFFA0\u034F\uFE0F\u180B\u17B4\u2065\u{1D159}\u{E0100}\u00AD\u200B\uFFFC',
);

/** Files in which one cause shows in many cells, and what must be one fault. */
export const ONE_CAUSE_CASES: readonly Case[] = [
  {
    situation: 'lines that end with LF CR',
    content: `${[HEAD, ...UNITS].join('\n\r')}\n\r`,
    refused: ['1::LINE_ENDING'],
    says: ['LF CR', 'export'],
  },
  {
    situation: 'LF CR without one at the end of the file, and a version line',
    content: ['certline-manifest,1', HEAD, ...UNITS].join('\n\r'),
    refused: ['2::LINE_ENDING'],
    says: ['LF CR'],
  },
  {
    situation: 'LF CR in the second of two files that were joined',
    content: `${[HEAD, UNITS[0], UNITS[1]].join('\n')}\n\r${UNITS[2]}\n`,
    refused: ['4::LINE_ENDING'],
    says: ['one kind of line end'],
  },
  ...(
    [
      ['English', '“', '”'],
      ['German', '„', '“'],
      ['French', '«', '»'],
      ['SQL', "'", "'"],
      ['Japanese', '「', '」'],
      ['wide', '＂', '＂'],
    ] as const
  ).map(([language, open, close]): Case => ({
    situation: `${language} quotes around each cell below the header`,
    content: allQuoted(UNITS, open, close),
    refused: ['2::QUOTE'],
    says: [open, 'no quotes, or plain ones', 'the same in 2 more CSV rows'],
  })),
  {
    situation: 'typographic quotes, and a comma between them',
    content: `${HEAD}\n“PO-7”,“AB-0001”,“node”,“B2, blue”\n“PO-7”,“AB-0002”,“node”,“B2, red”\n`,
    refused: ['2::QUOTE'],
    says: ['no quotes, or plain ones'],
  },
  {
    situation: 'typographic quotes around one serial',
    content: lines('PO-7,“AB-0009”,node,B2'),
    refused: ['2:serial:QUOTE'],
    says: ['no quotes, or plain ones'],
  },
  ...(
    [
      ['of translated names', 'Auftrag,Seriennummer,Produkt,Revision'],
      ['of Chinese names', '订单,序列号,产品,版本'],
      ['of long names', 'Order No. (10),Serial No.,Product name,HW revision'],
      ['of units', '[-],[-],[text],[mm]'],
      ['of types', 'CHAR(40),CHAR(64),CHAR(32),CHAR(8)'],
      ['of one word', 'TEXT,TEXT,TEXT,TEXT'],
      ['of dashes', '-----,------,-------,------'],
      ['of numbers', '1,2,3,4'],
      ['of numbers from 0', '0,1,2,3'],
      ['of letters', 'A,B,C,D'],
      ['of types of Oracle', 'VARCHAR2(40 CHAR),VARCHAR2(64 CHAR),VARCHAR2,VARCHAR2'],
      ['of units, for attributes alone', ',,,mm'],
    ] as const
  ).map(([kind, row]): Case => ({
    situation: `a second header ${kind}`,
    content: lines(row),
    refused: ['2::HEADER_REPEATED'],
    says: ['a second header', 'delete line 2'],
  })),
  {
    situation: 'a second header of names, and one of types',
    content: lines('Auftrag,Seriennummer,Produkt,Revision', 'text,text,text,text'),
    refused: ['2::HEADER_REPEATED', '3::HEADER_REPEATED'],
  },
  {
    situation: 'a first unit in which everything is wrong',
    content: lines('po-7,ab-0009,nodes,B2'),
    refused: ['2:order:ORDER_INVALID', '2:serial:SERIAL_INVALID', '2:product:PRODUCT_UNKNOWN'],
  },
  ...(['BoardID', 'Board-Id', 'Hardware ID', 'Chip ID', 'board', 'Board IDs'] as const).map((name): Case => ({
    situation: `board ids in a column \`${name}\``,
    content: boardsUnder(name),
    refused: [`1:${name}:COLUMN_UNKNOWN`],
    says: ['board_id'],
  })),
  {
    situation: 'listed boards, and no column for them',
    content: 'order,serial,product\nPO-7,AB-0001,pump\nPO-7,AB-0002,pump\n',
    refused: ['1:board_id:COLUMN_MISSING'],
    says: ['product pump requires'],
  },
  ...(
    ['Serial No', 'Serial-Nr.', 'SN', 'S/N', 'serials', 'Seriennummer', '序列号', 'シリアル番号'] as const
  ).map((name): Case => ({
    situation: `serials in a column \`${name}\``,
    content: named('order', name, 'product'),
    refused: [`1:${name}:COLUMN_UNKNOWN`],
    says: ['serial'],
  })),
  {
    situation: 'all columns with Korean names',
    content: named('주문번호', '일련번호', '제품'),
    refused: ['1:주문번호:COLUMN_UNKNOWN', '1:일련번호:COLUMN_UNKNOWN', '1:제품:COLUMN_UNKNOWN'],
    saysNot: ['type it again'],
    says: ['order'],
  },
  {
    situation: 'all columns with names of an ERP system',
    content: named('Order Number', 'Serial #', 'Material'),
    refused: ['1:Order Number:COLUMN_UNKNOWN', '1:Serial #:COLUMN_UNKNOWN', '1:Material:COLUMN_UNKNOWN'],
    says: ['order'],
  },
  {
    situation: 'another name beside the right one',
    content: 'order,serial,SN,product\nPO-7,AB-0001,1,node\n',
    refused: ['1:SN:COLUMN_UNKNOWN'],
    says: ['attr.sn'],
  },
  ...(['hw_rev', 'attr_hw_rev', 'attr:hw_rev', 'Attr. HW-Rev', 'attribute.hw_rev'] as const).map(
    (name): Case => ({
      situation: `an attribute in a column \`${name}\``,
      content: `order,serial,product,${name}\nPO-7,AB-0001,node,B2\n`,
      refused: [`1:${name}:COLUMN_UNKNOWN`],
      says: ['attr.hw_rev'],
    }),
  ),
  {
    situation: 'empty rows between all units of a long list',
    content: `${HEAD}\n${many(30, (at) => `PO-7,AB-${1000 + at},node,B2\n`).join('\n')}`,
    refused: ['3::EMPTY_LINE'],
    says: ['the same in 28 more CSV rows'],
  },
  {
    situation: 'the header on each page of a long list',
    content: many(30, (at) => `${HEAD}\nPO-7,AB-${1000 + at},node,B2\n`).join(''),
    refused: ['3::HEADER_REPEATED'],
    says: ['the same in 28 more CSV rows'],
  },
  {
    situation: 'a decimal comma in a file with commas',
    content: lines('PO-7,AB-0009,node,3,3'),
    refused: ['2::CELL_COUNT'],
    says: ['if a value has commas in it, put the value in quotes'],
  },
  {
    situation: 'the name of a group above its units',
    content: lines('Line 1,,,'),
    refused: ['2::NOTE'],
    says: ['a note'],
  },
  ...(['〃', '"', "''", '...', 'dito', '同上'] as const).map((mark): Case => ({
    situation: `a mark for the value above: \`${mark}\``,
    content: `${HEAD}\n${UNITS[0]}\n${['order', 'AB-0002', 'node', 'B2'].map((cell) => (cell.startsWith('AB') || cell === 'B2' ? cell : `"${mark.replace('"', '""')}"`)).join(',')}\n`,
    refused: ['3:order:CELL_MERGED'],
    says: ['write "PO-7" here too'],
  })),
  {
    situation: 'a table on its side',
    content: 'order,PO-7,PO-7\nserial,AB-0001,AB-0002\nproduct,node,node\nattr.rev,B2,B2\n',
    refused: ['1::NO_HEADER'],
    says: ['transpose the table'],
  },
  {
    situation: 'a byte order mark in the middle, after two files were joined',
    content: `${HEAD}\n${UNITS[0]}\n\uFEFF${UNITS[1]}\n`,
    refused: ['3:order:INVISIBLE'],
  },
  {
    situation: 'several serials in one cell, and ranges',
    content: lines(
      'PO-7,AB-1;AB-2,node,B2',
      'PO-7,"AB-3, AB-4",node,B2',
      'PO-7,AB-5..AB-9,node,B2',
      'PO-7,AB-10 - AB-19,node,B2',
      'PO-7,AB-20 to AB-29,node,B2',
    ),
    refused: [2, 3, 4, 5, 6].map((line) => `${line}:serial:SERIAL_INVALID`),
    says: ['one serial in each CSV row'],
  },
  {
    situation: 'signs for a serial that is not known yet',
    content: lines('PO-7,TBD,node,B2', 'PO-7,n/a,node,B2', 'PO-7,???,node,B2', 'PO-7,-,node,B2'),
    refused: [2, 3, 4, 5].map((line) => `${line}:serial:CELL_EMPTY`),
    says: ['"TBD" is only written in its place'],
  },
  {
    situation: 'characters of which nobody sees anything',
    content: noted(...UNSEEN.map((each) => `a${each}b`)),
    refused: UNSEEN.map((_, at) => `${at + 2}:attr.note:INVISIBLE`),
  },
  {
    situation: 'attributes that nobody sees',
    content: noted(...UNSEEN),
    refused: UNSEEN.map((_, at) => `${at + 2}:attr.note:INVISIBLE`),
  },
  {
    situation:
      'selectors of emoji, signs, Chinese, Burmese and Mongolian letters, and the joiner of Hebrew marks',
    content: noted(
      '❤️ ☎︎ 1️⃣ ™️ ‼️ 🏳️‍🌈 🏴\u{E0067}\u{E0062}\u{E007F}',
      '葛\u{E0100}飾',
      '神\uFE00',
      'ᠠ\u180Bᠨ',
      'က\uFE00',
      '≨\uFE00 0\uFE00',
      'שָׁ\u034Fְל',
    ),
    accepted: 7,
  },
];
