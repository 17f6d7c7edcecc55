import { ISSUES } from '../issue-codes.ts';
import { calledColumn } from './column-words.ts';
import { foreignRemedy, lookalikeOf } from './foreign-character.ts';

/** Attributes are for labels and traceability, not for a second database beside this one. */
export const MAX_ATTR_COLUMNS = 32;

const MAX_ATTR_NAME = 40;
/** What people write for `attr.`. */
const NEARLY_ATTR = /^attr(?:ibutes?)?[._:/]+/;

const ATTR_COLUMN = /^attr\.[a-z][a-z0-9_]{0,39}$/;

export const REQUIRED_COLUMNS = ['order', 'serial', 'product'] as const;
const OPTIONAL_COLUMNS = ['board_id'] as const;

export type PlainColumn = (typeof REQUIRED_COLUMNS)[number] | (typeof OPTIONAL_COLUMNS)[number];

const PLAIN_COLUMNS: readonly PlainColumn[] = [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS];

export function isPlainColumn(name: string): name is PlainColumn {
  return PLAIN_COLUMNS.some((column) => column === name);
}

export function isAttrColumn(name: string): boolean {
  return ATTR_COLUMN.test(name);
}

/** The form in which column names are compared: any case, also of the Turkish i, spaces around. */
export function foldColumn(name: string): string {
  return name
    .replace(/^\uFEFF/, '')
    .trim()
    .toLowerCase()
    .replaceAll(/i\u0307|\u0131/g, 'i');
}

/** How many of the cells are names of columns without `attr.`. */
export function knownNames(cells: readonly string[]): number {
  return new Set(cells.map(foldColumn).filter(isPlainColumn)).size;
}

/** The column that a name means that is not one of a column: `Board ID`, `order*`, `serial (text)`, `Serial No`; else undefined. */
export function meantColumn(name: string): PlainColumn | undefined {
  const near = normalized(name).normalize('NFKC');
  const whole = PLAIN_COLUMNS.find((column) => column.replace('_', '') === near.replace('_', ''));
  if (whole !== undefined) return whole;
  const inner = /[a-z](?:[a-z0-9_.]*[a-z0-9])?/.exec(near)?.[0] ?? '';
  return (
    lookalikeOf(near, PLAIN_COLUMNS) ??
    (isPlainColumn(inner) ? inner : undefined) ??
    calledColumn(near) ??
    calledColumn(inner)
  );
}

/**
 * What is expected in the place of a name that is not one of a column; undefined where the general sentence is right, and
 * where the column that it means is in `present`.
 */
export function expectedColumn(name: string, present: ReadonlySet<string>): string | undefined {
  const near = normalized(name);
  if (isAttrColumn(near)) return near;
  const foreign = foreignRemedy(near);
  const compatible = near.normalize('NFKC');
  if (isAttrColumn(compatible)) return [compatible, foreign].join('; ');
  const meant = meantColumn(name);
  // A word of another language has nothing to be typed again.
  const isCalled = meant !== undefined && meant !== compatible && calledColumn(compatible) === meant;
  if (isCalled && !present.has(meant)) return meant;
  if (meant !== undefined && !present.has(meant))
    return [meant, ...(foreign === undefined ? [] : [foreign])].join('; ');
  const [begin = ''] = near.split('.', 1);
  if (lookalikeOf(begin, ['attr']) !== undefined && foreign !== undefined) return `attr.<name>; ${foreign}`;
  const own = compatible.replace(NEARLY_ATTR, '');
  if (isAttrColumn(`attr.${own}`))
    return own === compatible
      ? `${ISSUES.MANIFEST_COLUMN_UNKNOWN.expected}: as an attribute, attr.${own}`
      : `attr.${own}`;
  return near.startsWith('attr.') ? expectedAttr(near.slice('attr.'.length)) : undefined;
}

function normalized(name: string): string {
  return foldColumn(name).replaceAll(/[\s-]+/g, '_');
}

function expectedAttr(own: string): string {
  const rule = 'attr. and a name of a-z, 0-9 and _ that begins with a letter';
  if (own === '') return `${rule}: here it is empty`;
  if (own.length > MAX_ATTR_NAME)
    return `at most ${MAX_ATTR_NAME} characters after attr.: here are ${own.length}`;
  const foreign = foreignRemedy(own);
  if (foreign !== undefined) return `${rule}; ${foreign}`;
  if (!/^[a-z]/.test(own)) return `${rule}: here it begins with "${own[0]}"`;
  const strange = /[^a-z0-9_]/.exec(own)?.[0] ?? '';
  return `${rule}: here is a "${strange}"`;
}
