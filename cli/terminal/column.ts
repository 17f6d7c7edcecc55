import type { styleText } from 'node:util';

/** A column: its head, and how a cell looks, depending on its text. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
  /** Its cells are sentences, which may take several rows where there is little room. Others never do. */
  readonly wraps?: true;
  readonly style?: (cell: string) => Parameters<typeof styleText>[0] | undefined;
}

/** Between two columns. */
export const GAP = '  ';
