import { ApplicationFailure } from '@temporalio/common';
import { log } from '@temporalio/workflow';
import type * as z from 'zod/mini';
import type { MessageCheck } from './message-schemas.ts';

/** Faults that are named: beyond these, a message is not what its sender takes it for. */
const NAMED_FAULTS = 3;

/** Malformed signals that are logged one by one. */
const LOGGED_MAX = 16;

/** What is wrong with a message, in a sentence. */
function sentenceOf({ issues }: z.core.$ZodError): string {
  return issues
    .slice(0, NAMED_FAULTS)
    .map(({ path, message }) => `${path.length === 0 ? 'the argument' : named(path)} ${message}`)
    .join('; ');
}

function named(path: readonly PropertyKey[]): string {
  const [field, at] = path;
  return `"${String(field)}"${typeof at === 'number' ? `, entry ${at + 1},` : ''}`;
}

/** A refusal of an Update, in a sentence for the person who sent it. It has no stack: that is no business of theirs. */
export function refusal(sentence: string): ApplicationFailure {
  const failure = ApplicationFailure.create({ type: 'REFUSED', message: sentence, nonRetryable: true });
  failure.stack = '';
  return failure;
}

/** Throws a refusal unless an Update was sent with nothing, or with one argument that fits. */
export function mustFit(check: MessageCheck<unknown>, example: string, args: readonly unknown[]): void {
  if (args.length === 0 || (args.length === 1 && args[0] === undefined)) return;
  const { error } = check(args[0]);
  if (args.length === 1 && error === undefined) return;
  const fault = error === undefined ? 'there are several arguments' : sentenceOf(error);
  throw refusal(`${fault}. It takes one argument, for example ${example}.`);
}

/**
 * What a signal brings; undefined where it is malformed, which is logged. A bad signal must never stop its receiver.
 */
export function fitting<T>(check: MessageCheck<T>, signal: string, value: unknown): T | undefined {
  const { data, error } = check(value);
  if (error !== undefined && mayBeLogged())
    log.warn('a malformed signal is ignored', { signal, fault: sentenceOf(error) });
  return data;
}

/** Malformed signals that this workflow has received. Each workflow has modules of its own. */
let malformed = 0;

/** The first ones, and then fewer and fewer: anybody can send thousands, and a workflow has seconds for all of them. */
function mayBeLogged(): boolean {
  malformed += 1;
  return malformed <= LOGGED_MAX || Number.isInteger(Math.log2(malformed));
}
