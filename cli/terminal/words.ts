import type { Column } from './column.ts';

const STYLES: Readonly<Record<string, ReturnType<NonNullable<Column['style']>>>> = {
  PASS: 'green',
  FAIL: ['red', 'bold'],
  ERROR: 'yellow',
  HOLD: ['magenta', 'bold'],
  waits: ['yellow', 'bold'],
};

/** How an outcome looks, the same as on a socket's tile; `waits` is a unit that needs a decision. */
export const outcomeStyle: NonNullable<Column['style']> = (outcome) => STYLES[outcome];

/** An ISO 8601 time for people, to the second and in UTC, since the line and its owner live in different zones. */
export function shownTime(iso: string): string;
export function shownTime(iso: string | undefined): string | undefined;
export function shownTime(iso: string | undefined): string | undefined {
  return iso === undefined ? undefined : `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** How long a certificate is valid; RFC 5280 §4.1.2.5 writes "no end" as 9999-12-31. */
export function shownExpiry(notAfter: string): string {
  return notAfter.startsWith('9999-12-31') ? 'without end' : `until ${shownTime(notAfter)}`;
}
