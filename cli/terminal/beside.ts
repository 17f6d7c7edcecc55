import { GAP } from './column.ts';
import { textWidth } from './text-width.ts';
import { wrapped } from './wrap.ts';

/** A text in fewer cells is a column of single words. */
const LEAST_CELLS = 24;

/**
 * The rows of a text beside a label: what does not fit continues below the beginning of the text. What stays together and is too wide for
 * that stands further to the left; where a label leaves little room, all of the text stands below it.
 */
export function beside(label: string, text: string, limit: number, gap: string = GAP): string[] {
  const left = textWidth(label) + gap.length;
  if (left + textWidth(text) <= limit && !text.includes('\n')) return [label + gap + text];
  const isBelow = limit - left < LEAST_CELLS;
  const indent = isBelow ? GAP.length : left;
  const [first = '', ...more] = wrapped(text, limit - indent).map((row) => placed(row, indent, limit));
  const fitsBeside = !isBelow && first.startsWith(' '.repeat(left));
  return fitsBeside
    ? [label + gap + first.slice(left), ...more]
    : [...wrapped(label.trimEnd(), limit), first, ...more];
}

/** The row behind so many blanks, or behind fewer where it is too wide. */
function placed(row: string, indent: number, limit: number): string {
  const room = Math.max(0, limit - textWidth(row));
  const blanks = indent <= room ? indent : GAP.length <= room ? GAP.length : 0;
  return ' '.repeat(blanks) + row;
}
