import { isQuotedRight } from '../csv/csv-cells.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { wrongSeparator } from './separators.ts';

const PLAIN = [',', ';', '\t'];

/** The issue of a CSV row whose quotes are wrong: a space beside a quote is not seen, and explains all of them. */
export function quoteIssue(line: number, text: string, separator: string): Issue {
  const [mark = ''] = separator;
  const other = PLAIN.find(
    (each) => text.split(each).length > text.split(mark).length && isQuotedRight(text, each),
  );
  if (other !== undefined) return wrongSeparator(line, text, { separator, other });
  const besideQuotes = new RegExp(`(?<=${mark}|^) +(?=")|(?<=") +(?=${mark}|$)`, 'g');
  const isSpaced = isQuotedRight(text.replaceAll(besideQuotes, ''), mark);
  const expected = isSpaced
    ? 'no space between a quote and the separator beside it: delete these spaces, or export again'
    : undefined;
  return issue('MANIFEST_QUOTE', { line, value: text }, expected);
}
