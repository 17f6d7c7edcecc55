import { describe, expect, it } from 'vitest';
import { cutCells, padCells, textWidth } from '../../../cli/terminal/text-width.ts';

describe('the width of a text', () => {
  it.each([
    ['', 0],
    ['CL-000017', 9],
    ['深圳', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['서울 A', 6],
    ['Zürich', 6],
    ['Zu\u0308rich', 6],
    ['👩‍🔧', 2],
    ['█░', 2],
    ['\u001b[31m深\u001b[39m', 2],
  ])('of %j is %i cells', (text, cells) => {
    expect(textWidth(text)).toBe(cells);
  });

  it('is what a text is filled up to', () => {
    expect(padCells('深圳', 6)).toBe('深圳  ');
    expect(padCells('深圳', 2)).toBe('深圳');
  });

  it('is what a text is cut to, never in the middle of a sign', () => {
    expect(cutCells('深圳', 3)).toBe('深');
    expect(cutCells('Zu\u0308rich', 2)).toBe('Zu\u0308');
    expect(cutCells('ab', 5)).toBe('ab');
  });
});
