import { codePointName, invisibleIn } from '../csv/visible-text.ts';

/** The first character that is not ASCII, or not visible: it may look like one that is. */
const FOREIGN = /[^\u0020-\u007e]/u;

/** What to do about the first such character; undefined where there is none. */
export function foreignRemedy(value: string): string | undefined {
  const foreign = FOREIGN.exec(value)?.[0];
  if (foreign === undefined) return undefined;
  return `the "${foreign}" in this value is ${codePointName(foreign)}: type it again`;
}

/** The one of the texts that the value looks like, whatever its foreign characters are; undefined where there is none. */
export function lookalikeOf<T extends string>(value: string, texts: readonly T[]): T | undefined {
  const parts = value.split(new RegExp(FOREIGN, 'gu'));
  // With too many of them, it could be any text.
  if (parts.length < 2 || parts.join('').length < parts.length) return undefined;
  const form = new RegExp(`^${parts.map((part) => part.replaceAll(/\W/g, String.raw`\$&`)).join('.?')}$`);
  return texts.find((text) => form.test(text));
}

/** What is expected of a name with a character that neither a terminal nor a person can see; undefined where there is none. */
export function unseenRemedy(name: string): string | undefined {
  const unseen = invisibleIn(name);
  if (unseen === undefined) return undefined;
  return `a name without invisible characters: this one has ${codePointName(unseen)}, so type the name again`;
}
