import type { Case } from './cases.ts';

const HEAD = 'order,serial,product';
const rows = (count: number, row: (at: number) => string, head = HEAD): string =>
  `${head}\n${Array.from({ length: count }, (_, at) => `${row(at)}\n`).join('')}`;
const serial = (at: number): string => `AB-${String(at + 1).padStart(4, '0')}`;
const board = (at: number): string => (0xa1_b2_c3_d4_00_00 + 7919 * at).toString(16);
const lot = rows(3, (at) => `PO-7,${serial(at)},node`);

/** Cells that are in another column, columns that a spreadsheet filled, and rows that were pasted twice: one fault each. */
const CELL_MIXUPS: readonly Case[] = [
  {
    situation: 'an order number that counts up, as a spreadsheet fills it down',
    content: rows(5, (at) => `PO-${1001 + at},${serial(at)},node`),
    refused: ['3:order:ORDER_SECOND'],
    says: ['order PO-1001, as in line 2', 'the same in 3 more CSV rows, up to line 6', 'counts up', 'Ctrl+D'],
  },
  {
    situation: 'the same in many rows, with the position at the end',
    content: rows(60, (at) => `PO-7-${at + 1},${serial(at)},node`),
    refused: ['3:order:ORDER_SECOND'],
    says: ['the same in 58 more CSV rows', 'counts up', 'Ctrl+D'],
  },
  {
    situation: 'the year before the order number counts up',
    content: rows(5, (at) => `${2026 + at}-PO,${serial(at)},node`),
    refused: ['3:order:ORDER_SECOND'],
    says: ['counts up'],
  },
  {
    situation: 'units of a second order in a few rows',
    content: rows(60, (at) => `PO-${at < 55 ? 7 : 8},${serial(at)},node`),
    refused: ['57:order:ORDER_SECOND'],
    says: ['order PO-7, as in line 2', 'the same in 4 more CSV rows, up to line 61'],
    saysNot: ['counts up'],
  },
  {
    situation: 'units of three orders',
    content: rows(60, (at) => `PO-${at < 50 ? 7 : at < 55 ? 12 : 9},${serial(at)},node`),
    refused: ['52:order:ORDER_SECOND', '57:order:ORDER_SECOND'],
    says: ['the same in 4 more CSV rows, up to line 56'],
  },
  {
    situation: 'units of three orders whose numbers follow each other',
    content: rows(60, (at) => `PO-${at < 50 ? 7 : at < 55 ? 8 : 9},${serial(at)},node`),
    refused: ['52:order:ORDER_SECOND', '57:order:ORDER_SECOND'],
    says: ['the same in 4 more CSV rows, up to line 56'],
    saysNot: ['counts up'],
  },
  {
    situation: 'a product that counts up',
    content: rows(5, (at) => `PO-7,${serial(at)},node${at === 0 ? '' : at}`),
    refused: ['3:product:PRODUCT_UNKNOWN'],
    says: ['one of: golioth-node', 'the same in 3 more CSV rows, up to line 6', 'counts up', 'Ctrl+D'],
  },
  {
    situation: 'one serial in all rows',
    content: rows(5, () => 'PO-7,AB-0001,node'),
    refused: ['3:serial:SERIAL_REPEATED'],
    says: ['already in line 2', 'the same in 3 more CSV rows, up to line 6', 'one value'],
  },
  {
    situation: 'a block of rows pasted twice',
    content: rows(75, (at) => `PO-7,${serial(at % 60)},node`),
    refused: ['62:serial:SERIAL_REPEATED'],
    says: ['already in line 2', 'the same in 14 more CSV rows, up to line 76', 'block'],
  },
  {
    situation: 'the same with board ids',
    content: rows(75, (at) => `PO-7,${serial(at % 60)},pump,${board(at % 60)}`, `${HEAD},board_id`),
    refused: ['62:serial:SERIAL_REPEATED'],
    says: ['with its board id', 'the same in 14 more CSV rows, up to line 76', 'block'],
  },
  {
    situation: 'two blocks pasted twice',
    content: rows(90, (at) => `PO-7,${serial(at < 60 ? at : at < 75 ? at - 60 : at - 50)},node`),
    refused: ['62:serial:SERIAL_REPEATED', '77:serial:SERIAL_REPEATED'],
    says: ['already in line 2', 'up to line 76'],
  },
  {
    situation: 'board ids of a block pasted beside new serials',
    content: rows(75, (at) => `PO-7,${serial(at)},pump,${board(at % 60)}`, `${HEAD},board_id`),
    refused: ['62:board_id:BOARD_ID_REPEATED'],
    says: ['already in line 2', 'the same in 14 more CSV rows, up to line 76', 'block'],
  },
  {
    situation: 'two files that were joined, header and units',
    content: lot + lot,
    refused: ['5::HEADER_REPEATED', '6:serial:SERIAL_REPEATED'],
  },
  {
    situation: 'single serials that occur twice',
    content: rows(60, (at) => `PO-7,${serial(at === 30 || at === 40 ? at - 15 : at)},node`),
    refused: ['32:serial:SERIAL_REPEATED', '42:serial:SERIAL_REPEATED'],
    saysNot: ['block', 'the same in'],
  },
  {
    situation: "order and serial in each other's column",
    content: rows(10, (at) => `${serial(at)},PO-7,node`),
    refused: ['3:order:CELL_MOVED'],
    says: ['"PO-7"', 'column serial', 'the same in 8 more CSV rows'],
  },
  {
    situation: "serial and product in each other's column",
    content: rows(10, (at) => `PO-7,${at % 2 === 0 ? 'node' : 'golioth-node'},${serial(at)}`),
    refused: ['2:product:CELL_MOVED'],
    says: ['"node"', 'column serial', 'the same in 9 more CSV rows'],
  },
  {
    situation: "order and product in each other's column",
    content: rows(10, (at) => `node,${serial(at)},PO-7`),
    refused: ['2:product:CELL_MOVED'],
    says: ['"node"', 'column order'],
  },
  {
    situation: "serial and board id in each other's column",
    content: rows(10, (at) => `PO-7,${board(at)},pump,${serial(at)}`, `${HEAD},board_id`),
    refused: ['2:serial:CELL_MOVED'],
    says: ['board_id', 'the same in 9 more CSV rows'],
  },
  {
    situation: 'cells inserted above: the rest of the rows moved to the right',
    content: rows(
      60,
      (at) => (at < 50 ? `PO-7,${serial(at)},node,B2` : `PO-7,,${serial(at)},node`),
      `${HEAD},attr.rev`,
    ),
    refused: ['52:product:CELL_MOVED'],
    says: ['column attr.rev', 'the same in 9 more CSV rows'],
  },
  {
    situation: 'each row without its first cell',
    content: rows(5, (at) => `${serial(at)},node,B2`, `${HEAD},attr.rev`),
    refused: ['2:product:CELL_MOVED'],
    says: ['column serial', 'the same in 4 more CSV rows'],
  },
  {
    situation: 'an unknown product, and a known one in an attribute',
    content: `${HEAD},attr.base\nPO-7,AB-0001,nodes,node\n`,
    refused: ['2:product:PRODUCT_UNKNOWN'],
  },
  // Honest files that look like those above.
  {
    situation: 'serials in descending order',
    content: rows(60, (at) => `PO-7,${serial(60 - at)},node`),
    accepted: 60,
  },
  {
    situation: 'serials with a check digit',
    content: rows(60, (at) => `PO-7,${serial(at)}-${(7 * at) % 10},node`),
    accepted: 60,
  },
  {
    situation: 'board ids that count up',
    content: rows(
      60,
      (at) => `PO-7,${serial(at)},pump,a1b2c3d4${String(at).padStart(4, '0')}`,
      `${HEAD},board_id`,
    ),
    accepted: 60,
  },
  {
    situation: 'an attribute that is the name of a product',
    content: `${HEAD},attr.base\nPO-7,AB-0001,node,golioth-node\n`,
    accepted: 1,
  },
];

const CELLS = `\nPO-7,AB-0001,node\nPO-7,AB-0002,node\n`;

/** Rows that are separated in another way than the header. */
const SEPARATOR_MIXUPS: readonly Case[] = [
  {
    situation: 'tabs in the header, spaces in the rows',
    content: rows(5, (at) => `PO-7  ${serial(at)}   node`, 'order\tserial\tproduct'),
    refused: ['2::SEPARATOR'],
    says: ['tabs, as in the header', 'spaces', 'the same in 4 more CSV rows'],
  },
  {
    situation: 'commas in the header, colons in the rows',
    content: rows(5, (at) => `PO-7:${serial(at)}:node`),
    refused: ['2::SEPARATOR'],
    says: ['commas, as in the header', 'colons'],
  },
  {
    situation: 'commas in the header, commas and semicolons in the rows',
    content: rows(5, (at) => `PO-7,${serial(at)};node`),
    refused: ['2::SEPARATOR'],
    says: ['commas, as in the header', 'semicolons'],
  },
  {
    situation: 'semicolons in the header, commas in the rows and semicolons in their cells',
    content: rows(5, (at) => `PO-7,${serial(at)},node,-1;5`, 'order;serial;product;attr.range'),
    refused: ['2::SEPARATOR'],
    says: ['semicolons, as in the header', 'commas'],
  },
  {
    situation: 'semicolons in the header, commas and quotes in the rows',
    content: rows(5, (at) => `"PO-7","${serial(at)}","node"`, 'order;serial;product'),
    refused: ['2::SEPARATOR'],
    says: ['semicolons, as in the header', 'commas', 'the same in 4 more CSV rows'],
  },
  {
    situation: 'semicolons in the header, commas in the rows and quotes in one column',
    content: rows(5, (at) => `PO-7,${serial(at)},node,"a;b"`, 'order;serial;product;attr.note'),
    refused: ['2::SEPARATOR'],
    says: ['semicolons, as in the header', 'commas'],
  },
  {
    situation: 'a quote within a cell, and a semicolon before it',
    content: `${HEAD},attr.note\nPO-7,AB-0001,node,a;"b"\n`,
    refused: ['2::QUOTE'],
  },
  {
    situation: 'each row in its first cell, and empty cells beside it',
    content: `${HEAD}\n"PO-7,AB-0001,node",,\n"PO-7,AB-0002,node",,\n`,
    refused: ['2::ONE_CELL'],
    says: ['split the text into columns', 'the same in 1 more CSV row'],
  },
  {
    situation: 'the header in its first cell, and other separators',
    content: `"${HEAD}";;\nPO-7;AB-0001;node\n`,
    refused: ['1::ONE_CELL'],
    says: ['split the text into columns'],
  },
  {
    situation: 'the result of a query, as psql prints it',
    content:
      '  order  | serial  | product \n---------+---------+---------\n PO-7 | AB-0001 | node\n(1 row)\n',
    refused: ['1::SEPARATOR'],
    says: ['vertical bars', 'spreadsheet', 'export'],
  },
  {
    situation: 'a table of lines, as a terminal prints it',
    content:
      '┌───────┬─────────┬─────────┐\n│ order │ serial  │ product │\n├───────┼─────────┼─────────┤\n│ PO-7  │ AB-0001 │ node    │\n',
    refused: ['2::SEPARATOR'],
    says: ['│'],
  },
  {
    situation: 'Excel, "Formatted Text (Space delimited)"',
    content: 'order     serial    product   \nPO-7      AB-0001   node      \n',
    refused: ['1::SEPARATOR'],
    says: ['spaces', 'spreadsheet', 'export'],
  },
];

/** What another program wrote, with the name of a CSV; `is`: what the answer calls it. */
const OTHER_TEXTS: readonly (readonly [situation: string, content: string, is: string])[] = [
  [
    'SQL of one row each',
    "INSERT INTO units (order, serial, product) VALUES ('PO-7','AB-0001','node');\n",
    'SQL',
  ],
  [
    'SQL of many rows',
    "INSERT INTO `units` (`order`,`serial`,`product`) VALUES\n('PO-7','AB-0001','node');\n",
    'SQL',
  ],
  [
    'a dump of MySQL',
    '-- MySQL dump 10.13\n--\n-- Host: localhost\n\nDROP TABLE IF EXISTS `units`;\nCREATE TABLE `units` (\n',
    'SQL',
  ],
  ['a dump of PostgreSQL', '--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n', 'SQL'],
  ['a script of SQL Server', "USE [MES]\nGO\nINSERT [dbo].[units] ([order]) VALUES (N'PO-7')\n", 'SQL'],
  ['YAML', '---\norder: PO-7\nunits:\n  - serial: AB-0001\n', 'YAML'],
  ['YAML of a list', '- order: PO-7\n  serial: AB-0001\n  product: node\n', 'YAML'],
  ['INI', '[lot]\norder=PO-7\nproduct=node\n', 'INI'],
  ['a list of Python', "[('order', 'serial', 'product'), ('PO-7', 'AB-0001', 'node')]\n", 'Python'],
  ['a dictionary of Python', "{'order': 'PO-7', 'serial': 'AB-0001'}\n", 'Python'],
  ['a patch of Git', 'diff --git a/lot.csv b/lot.csv\n@@ -1,3 +1,3 @@\n order,serial,product\n', 'a patch'],
  ['a patch', '--- lot.csv\n+++ lot.csv\n@@ -1,3 +1,3 @@\n order,serial,product\n', 'a patch'],
  ['a table of LaTeX', '\\begin{tabular}{lll}\norder & serial & product \\\\\n', 'LaTeX'],
  ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', 'PEM'],
  ['a vCard', 'BEGIN:VCARD\nVERSION:3.0\nFN:Anna\nEND:VCARD\n', 'a vCard'],
  ['Excel, "SYLK"', 'ID;PWXL;N;E\nP;PGeneral\nC;Y1;X1;K"order"\n', 'SYLK'],
  ['Excel, "DIF"', 'TABLE\n0,1\n"EXCEL"\nVECTORS\n0,3\n', 'DIF'],
  ['EDIFACT', "UNA:+.? '\nUNB+UNOA:1+SENDER+RECEIVER+261130:1200+1'\n", 'EDIFACT'],
  [
    'a mail whose text is in base64',
    'From: a@example.com\nTo: b@example.com\nSubject: lot\nContent-Transfer-Encoding: base64\n\nb3JkZXI=\n',
    'a mail',
  ],
  [
    'a short text in base64',
    `${Buffer.from('order,serial,product\nPO-7').toString('base64')}\n`,
    'a part of a mail, in base64',
  ],
];

/** What is above the header in a text that was pasted: the answer says which lines to delete. */
const PASTED: readonly (readonly [situation: string, above: string])[] = [
  ['a mail that was forwarded as text', 'From: Anna <a@example.com>\nSubject: lot 7\n\n'],
  ['a block of code in a chat', '```csv\n'],
  ['an answer in words', 'Hi,\nplease find the units below.\n\n'],
  ['a line of equals signs', '==========================\n'],
  ['a comment of SQL', '-- units of lot 7\n'],
  ['a title in brackets', '[PO-7]\n'],
];

/** Files in which something is in the place of another, and text of another kind. */
export const MIXUP_CASES: readonly Case[] = [
  ...CELL_MIXUPS,
  ...SEPARATOR_MIXUPS,
  ...OTHER_TEXTS.map(([situation, content, is]): Case => ({
    situation: `${situation}, with the name of a CSV`,
    content,
    refused: ['0::NOT_CSV'],
    says: [`this file is ${is}`],
  })),
  ...PASTED.map(([situation, above]): Case => ({
    situation: `${situation}, above the header`,
    content: above + HEAD + CELLS,
    refused: ['1::NO_HEADER'],
    says: ['so delete line'],
  })),
];
