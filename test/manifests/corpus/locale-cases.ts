import type { Case } from './cases.ts';

const HEAD = 'order,serial,product\n';
const lot = (...serials: string[]): string =>
  HEAD + serials.map((serial) => `PO-7,${serial},node\n`).join('');
const LOT = lot('AB-0001', 'AB-0002');
const attrs = (...values: string[]): string =>
  `order,serial,product,attr.note\n${values.map((value, at) => `PO-7,AB-${1000 + at},node,${value}\n`).join('')}`;
const every = (count: number, code: string, column = 'serial'): string[] =>
  Array.from({ length: count }, (_, at) => `${at + 2}:${column}:${code}`);

/** What keyboards and programs of other languages make: right values that were refused, and wrong ones that were not named. */
export const LOCALE_CASES: readonly Case[] = [
  {
    situation: 'French and Japanese text with the spaces of these languages',
    content: attrs(
      'Prix\u00A0: 5\u00A0€',
      '10\u202F000\u00A0kg',
      '東京\u3000大阪',
      'à\u00A0la carte',
      '5\u2009mm',
      '10\u00A0\u3000a',
    ),
    accepted: 6,
  },
  {
    situation: 'such spaces at the end of a value',
    content: attrs('東京\u3000', '5\u00A0kg\u00A0', '\u202F5'),
    refused: every(3, 'SPACES', 'attr.note'),
  },
  {
    situation: 'a letter that was read as Windows-1252, before such a space',
    content: attrs('IRM\u00C3\u00A0', 'voil\u00C3\u00A0 tout', '5\u00C2\u00A0kg', 'DÉJ\u00C3\u00A0 VU'),
    refused: ['2:attr.note:SPACES', '3:attr.note:MISREAD', '4:attr.note:MISREAD', '5:attr.note:INVISIBLE'],
  },
  {
    situation: 'serials that became "true" in Portuguese, Hungarian, Czech and Nordic',
    content: lot(
      'VERDADEIRO',
      'IGAZ',
      'HAMIS',
      'PRAVDA',
      'NEPRAVDA',
      'SANT',
      'FALSKT',
      'SAND',
      'FALSK',
      'TOSI',
    ),
    refused: every(10, 'MANGLED'),
    says: ['VERDADEIRO'],
  },
  {
    situation: 'the same in Finnish, Russian, Romanian and Japanese writing',
    content: lot('EPÄTOSI', 'ИСТИНА', 'Ложь', 'ADEVĂRAT'),
    refused: every(4, 'MANGLED'),
    says: ['EPÄTOSI'],
  },
  {
    situation: 'a note below the serials',
    content: `${LOT},please ship by Friday,\n`,
    refused: ['4::NOTE'],
    says: ['delete line 4'],
  },
  {
    situation: 'a note below the products',
    content: `${LOT},,Checked by: J. Smith\n`,
    refused: ['4::NOTE'],
    says: ['delete line 4'],
  },
  {
    situation: 'a faulty serial alone in its row, below merged cells',
    content: `${LOT},ab-0003,\n`,
    refused: ['4:order:CELL_MERGED'],
  },
  {
    situation: 'full-width letters in a column name',
    content: LOT.replace('order', 'ｏｒｄｅｒ'),
    refused: ['1:ｏｒｄｅｒ:COLUMN_UNKNOWN'],
    says: ['order; the "ｏ" in this value is U+FF4F'],
  },
  {
    situation: 'a full-width point in the name of an attribute',
    content: attrs('x').replace('attr.note', 'attr．note'),
    refused: ['1:attr．note:COLUMN_UNKNOWN'],
    says: ['attr.note; the "．" in this value is U+FF0E'],
  },
  {
    situation: 'the column board_id in one word',
    content: 'order,serial,product,BoardID\nPO-7,AB-1,node,\n',
    refused: ['1:BoardID:COLUMN_UNKNOWN'],
    says: ['board_id'],
  },
  {
    situation: 'spaces before the quotes of cells',
    content: `${HEAD}"PO-7", "AB-1", "node"\n`,
    refused: ['2::QUOTE'],
    says: ['no space between a quote and the separator'],
  },
];
