import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bar } from '../../../cli/terminal/bar.ts';

describe('a bar', () => {
  it.each([
    [0, 10, 0],
    [5, 10, 15],
    [10, 10, 30],
    [0, 0, 30],
  ])('of %i of %i has %i of its 30 cells filled', (done, total, filled) => {
    const text = stripVTControlCharacters(bar(done, total));
    expect(text).toBe('█'.repeat(filled) + '░'.repeat(30 - filled));
  });
});
