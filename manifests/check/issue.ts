import { ISSUES } from '../issue-codes.ts';
import type { IssueCode } from '../issue-codes.ts';
import { visibleText, withoutUnseen } from '../csv/visible-text.ts';

/** One fault of a manifest, as the planner reads it. */
export interface Issue {
  /** Line number in the file, from 1, the header included; 0 for a fault of the whole file. */
  readonly line: number;
  /** Column by its name in the header; empty for a fault of the whole CSV row. */
  readonly column: string;
  /** The value in the file, with each invisible character written as `\u{…}`, at most 80 characters. */
  readonly value: string;
  /** A sentence, which may quote the value: no invisible character is in it. */
  readonly expected: string;
  readonly code: IssueCode;
  /** Of one that other CSV rows may have for the same reason. */
  readonly cause?: Cause;
}

/** Why several CSV rows have the same fault; those of one cause are one row of the answer. */
export interface Cause {
  /** The same for all issues with this cause, which have one code and one column. */
  readonly id: string;
  /** What the rows together show, with what to do about it. */
  readonly remedy?: string;
}

/** Where an issue is, and the value there exactly as it was read. */
export interface IssuePlace {
  readonly line?: number;
  readonly column?: string;
  readonly value?: string;
}

/** Makes an issue; `expected` is the sentence of the table unless a more exact one is given. */
export function issue(
  code: IssueCode,
  place: IssuePlace = {},
  expected: string = ISSUES[code].expected,
): Issue {
  const { line = 0, column = '', value = '' } = place;
  return {
    line,
    column: visibleText(column),
    value: visibleText(value),
    expected: withoutUnseen(expected),
    code,
  };
}
