import { describe, expect, it } from 'vitest';
import { didYouMean, nearestNames } from '../../cli/nearest-names.ts';

describe('nearestNames', () => {
  it('gives those that hold the text, then those that differ by few letters', () => {
    expect(nearestNames('po-1001', ['PO-1010-aa', 'XPO-1001', 'PO-1002'])).toEqual(['XPO-1001', 'PO-1002']);
    expect(nearestNames('SMP_TIMOUT', ['SMP_CRC', 'SMP_TIMEOUT'])).toEqual(['SMP_TIMEOUT']);
  });

  it('gives none that is far off, and three at most', () => {
    expect(nearestNames('abc', ['xyz', 'PO-1'])).toEqual([]);
    expect(nearestNames('a', ['a1', 'a2', 'a3', 'a4'])).toEqual(['a1', 'a2', 'a3']);
  });

  it('is a sentence, or nothing', () => {
    expect(didYouMean('lo', ['lot', 'x-long-name'])).toBe(' Did you mean lot or x-long-name?');
    expect(didYouMean('lot', ['quite another'])).toBe('');
  });
});
