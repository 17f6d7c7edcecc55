import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadLineConfig } from '../../line/config.ts';
import { repeatedKeys } from '../../line/repeated-keys.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a key that stands twice in an object', () => {
  it('is found with its place, however it is written', () => {
    expect(repeatedKeys('{"a": 1, "\\u0061": [{"b": "}"}, {"c": {}, "d": [1, 2], "c": null}]}')).toEqual([
      'a',
      'a.1.c',
    ]);
    expect(repeatedKeys('{"a": "a", "b": "\\"a\\": {,", "c": {"a": ["a", "a"]}}')).toEqual([]);
  });

  it('is found in nothing that JSON.stringify writes', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => repeatedKeys(JSON.stringify(value)).length === 0));
  });

  it('is refused in a configuration, of which a part would not count', () => {
    const path = join(temporaryFolder(), 'line.json');
    writeFileSync(path, '{"stations":[],"products":[{"name":"node","organization":"acme"}],"stations":[]}');
    expect(() => loadLineConfig(path)).toThrow(
      `${path} is not a valid configuration:\n  stations: is there twice, and only the last one would count`,
    );
  });
});
