import type { Column } from './table.ts';

const STYLES: Readonly<Record<string, ReturnType<NonNullable<Column['style']>>>> = {
  PASS: 'green',
  FAIL: ['red', 'bold'],
  ERROR: 'yellow',
  HOLD: ['magenta', 'bold'],
  waits: ['yellow', 'bold'],
};

/** How an outcome looks, the same as on a socket's tile; `waits` is a unit that needs a decision. */
export const outcomeStyle: NonNullable<Column['style']> = (outcome) => STYLES[outcome];
