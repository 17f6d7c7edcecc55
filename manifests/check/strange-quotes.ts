/** Quotes other than those of CSV: of word processors in any language, and of SQL. */
const MARK = "['\u2018-\u201F\u00AB\u00BB\u2039\u203A\u2032\u2033\u300C-\u300F\u301D-\u301F\uFF02\uFF07]";

const MARKS = new RegExp(MARK, 'g');

const QUOTED = new RegExp(`^\\s*(${MARK}).*(${MARK})\\s*$`, 'u');

/** The quotes that are none of CSV, each once; empty where there are none. */
export function strangeQuotes(text: string): readonly string[] {
  return [...new Set(text.match(MARKS))];
}

export function withoutStrangeQuotes(text: string): string {
  return text.replaceAll(MARKS, '');
}

/** The quotes around a value, if they are others than those of CSV: one of them where both are the same. */
export function quotesAround(value: string): readonly string[] | undefined {
  const found = QUOTED.exec(value);
  return found === null ? undefined : [...new Set(found.slice(1))];
}

/** What is expected of text with such quotes. */
export function plainQuotes(quotes: readonly string[]): string {
  return `no quotes, or plain ones ("): here are ${quotes.join(' and ')}`;
}
