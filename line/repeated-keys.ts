/** A string with its escapes, or a mark of the structure; numbers and words of JSON are in between. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

interface Level {
  /** The keys so far; undefined in a list. */
  readonly keys: Set<string> | undefined;
  readonly path: readonly (string | number)[];
  /** Where the next value stands: a key, undefined before the first, or the index in a list. */
  place: string | number | undefined;
}

/** The paths of keys that stand more than once in an object of valid JSON, where `JSON.parse` drops all values but the last. */
export function repeatedKeys(json: string): string[] {
  const repeated: string[] = [];
  const levels: Level[] = [];
  for (const [token] of json.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') levels.push(opened(token, level));
    else if (token === '}' || token === ']') levels.pop();
    else if (level === undefined) continue;
    else if (token === ',') level.place = typeof level.place === 'number' ? level.place + 1 : undefined;
    else if (level.keys !== undefined && level.place === undefined) {
      const key = JSON.parse(token) as string;
      if (level.keys.has(key)) repeated.push([...level.path, key].join('.'));
      level.keys.add(key);
      level.place = key;
    }
  }
  return repeated;
}

function opened(token: '{' | '[', outer: Level | undefined): Level {
  const path = outer === undefined ? [] : [...outer.path, outer.place ?? ''];
  return token === '{' ? { keys: new Set(), path, place: undefined } : { keys: undefined, path, place: 0 };
}
