import { ISSUES } from '../issue-codes.ts';
import type { IssueCode } from '../issue-codes.ts';
import { visibleText } from '../csv/visible-text.ts';

/** One fault of a manifest, as it is told to the planner. */
export interface Issue {
  /** Line of the file, from 1, the header included; 0 when it is about the file as a whole. */
  readonly line: number;
  /** Column by its name in the header; empty when it is about the whole line. */
  readonly column: string;
  /** What stands there, with everything that does not show written as `\u{…}`, at most 80 characters. */
  readonly value: string;
  readonly expected: string;
  readonly code: IssueCode;
}

/** Where an issue is, and what stands there as it was read. */
export interface IssuePlace {
  readonly line?: number;
  readonly column?: string;
  readonly value?: string;
}

/** Makes an issue; `expected` is the table's sentence unless this one is told more exactly. */
export function issue(
  code: IssueCode,
  place: IssuePlace = {},
  expected: string = ISSUES[code].expected,
): Issue {
  const { line = 0, column = '', value = '' } = place;
  return { line, column: visibleText(column), value: visibleText(value), expected, code };
}
