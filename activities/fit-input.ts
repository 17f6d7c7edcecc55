import type { z } from 'zod';
import { PkiError } from '../pki/pki-error.ts';
import { printable } from '../provisioning/printable.ts';

/** A schema of what an activity takes. */
export type InputSchema<T> = z.ZodType<T>;

/**
 * The input of an activity. Anyone who can write to Temporal decides what is in it, so it is taken exactly or not at all, before
 * anything is done. Throws REQUEST_INVALID, which says the first thing that is wrong.
 */
export function fitInput<T>(schema: InputSchema<T>, input: unknown): T {
  const { data, error } = schema.safeParse(input, { reportInput: false });
  if (error === undefined) return data;
  const [issue] = error.issues;
  const at = issue?.path.slice(0, 4).join('.').slice(0, 80) ?? '';
  const what = `${at === '' ? 'its input' : printable(at)} is wrong (${issue?.code ?? 'unknown'})`;
  const message = `The task is not one of Certline: ${what}. Find out who sent it.`;
  throw new PkiError('REQUEST_INVALID', message, { reason: 'malformed' });
}
