/** @typedef {{ readonly phrase: string, readonly better: string, readonly pattern: RegExp }} Entry */

/**
 * The entries of the table under "Do not write" on the dictionary page: each code span of the first column, with what to
 * write instead. Throws if there are none, because a check without words would always pass.
 * @param {string} page
 * @returns {Entry[]}
 */
export function readDictionary(page) {
  const table = page.split('\n## Do not write\n')[1]?.split('\n## ')[0] ?? '';
  const entries = [...table.matchAll(/^\| (`.*?`) +\| (.*?) +\|$/gm)].flatMap(([, phrases, better]) =>
    [...phrases.matchAll(/`([^`]+)`/g)].map(([, phrase]) => ({ phrase, better, pattern: patternOf(phrase) })),
  );
  if (entries.length === 0) throw new Error('The dictionary has no table under "Do not write".');
  return entries;
}

/** A phrase may be broken over two text lines. A character that is no letter is refused wherever it is. */
function patternOf(phrase) {
  const words = phrase
    .split(' ')
    .map((word) => RegExp.escape(word))
    .join('\\s+');
  if (!/^\p{L}/u.test(phrase)) return new RegExp(words, 'gu');
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${words}(?![\\p{L}\\p{N}_-])`, 'giu');
}
