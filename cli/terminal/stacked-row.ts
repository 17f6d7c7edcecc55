import { styleText } from 'node:util';
import { beside } from './beside.ts';
import { GAP } from './column.ts';
import type { Column } from './column.ts';
import { textWidth } from './text-width.ts';

/**
 * A row of a table that is too wide for the terminal: its cells that have a text, with their heads, one after the other in as few lines
 * as they fit into. All but the first are indented.
 */
export function stackedRow(columns: readonly Column[], row: readonly string[], limit: number): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  const end = (): void => {
    if (line !== undefined) lines.push(line);
    line = undefined;
  };
  for (const [at, { head, style }] of columns.entries()) {
    const cell = row[at] ?? '';
    if (cell === '') continue;
    const looks = style?.(cell);
    const label = styleText('dim', head);
    const entry = `${label} ${looks === undefined ? cell : styleText(looks, cell)}`;
    const indent = at === 0 ? '' : GAP;
    if (line !== undefined && textWidth(line + GAP + entry) <= limit) {
      line += GAP + entry;
      continue;
    }
    end();
    if (textWidth(indent + entry) <= limit) line = indent + entry;
    else lines.push(...beside(indent + label, cell, limit));
  }
  end();
  return lines;
}
