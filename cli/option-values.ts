import { InvalidArgumentError } from 'commander';
import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';
import { isPriority, PRIORITY } from '../provisioning/priority.ts';
import { didYouMean } from './nearest-names.ts';

/** The option of every command whose output programs can read too. */
export const JSON_OPTION = { '--json': 'print one JSON document instead of text' } as const;

/** Accepts whole numbers from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${least} or greater.`);
  };
}

/** Accepts the priority of a batch. */
export function priority(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && isPriority(value)) return value;
  throw new InvalidArgumentError(
    `It must be a whole number from ${PRIORITY.first} (first) to ${PRIORITY.last} (last).`,
  );
}

/** Accepts an ISO 8601 day, which is its first moment in UTC, or an ISO 8601 time. */
export function moment(text: string): Date {
  const time = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('It must be a day or a time, such as 2027-01-31 or 2027-01-31T18:00:00Z.');
}

/** Accepts a code of the failure table. */
export function failureCode(text: string): FailureCode {
  if (isFailureCode(text)) return text;
  throw new InvalidArgumentError(`It is not a failure code.${didYouMean(text, Object.keys(FAILURES))}`);
}
