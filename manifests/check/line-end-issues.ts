import { codePointName } from '../csv/visible-text.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';

/** CR CR LF: a program turned the line breaks of a text that had them already. */
export function lineEndIssue(line: number, value: string): Issue {
  return issue('MANIFEST_LINE_ENDING', { line, value });
}

/** A line break of word processors and of other times, which ends no line of a CSV. */
export function strangeLineEnd(line: number, value: string, end: string): Issue {
  const expected = `LF or CR LF after every CSV row: here is ${codePointName(end)}, so export the sheet again`;
  return issue('MANIFEST_LINE_ENDING', { line, value }, expected);
}

/** LF CR: the two characters of a line end in the wrong order. */
export function swappedLineEnds(line: number, value: string): Issue {
  const expected =
    'LF or CR LF after every CSV row: here is LF CR (U+000A U+000D), in the wrong order, so export the sheet again';
  return issue('MANIFEST_LINE_ENDING', { line, value }, expected);
}

/** CR alone within a line that ends with LF: two files of different programs were joined. */
export function mixedLineEnds(line: number, value: string): Issue {
  const expected =
    'one kind of line end in the whole file: this line has CR (U+000D) in it, and the file has LF or CR LF too. Save it again with one of them';
  return issue('MANIFEST_LINE_ENDING', { line, value }, expected);
}
