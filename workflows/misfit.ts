import { UNPRINTABLE } from '../provisioning/person-text.ts';

/** What is wrong with one value of a message: what it must be, and what it is. */
export function misfit(what: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `must be ${what}, but is ${kindOf(input)}`;
}

/** What a value is, in a few words: it may be of any size. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return JSON.stringify(value) ?? typeof value;
  if (value.trim() === '') return 'empty';
  return value.length <= 40 ? quoted(value) : `${quoted(value.slice(0, 37))}... (${value.length} characters)`;
}

/** Somebody's text in a sentence of ours. */
export function quoted(text: string): string {
  const every = new RegExp(UNPRINTABLE, 'gu');
  return `"${text.replace(every, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)}"`;
}
