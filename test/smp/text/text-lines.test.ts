import { expect, it } from 'vitest';
import { TextLines } from '../../../smp/text/text-lines.ts';

function linesOf(text: string): string[] {
  const lines: string[] = [];
  new TextLines((line) => lines.push(line)).add(Buffer.from(text));
  return lines;
}

it.each([
  ['the colours of a log', '\u001b[1;31merror\u001b[0m\r\n', 'error'],
  ['a bell and a backspace', 'a\u0007b\u0008\n', 'ab'],
  ['the control characters of 8 bits, which terminals obey as well', 'a\u009b2Jb\u0085\u009c\n', 'a2Jb'],
])('a line is delivered without %s', (_, text, line) => {
  expect(linesOf(text)).toEqual([line]);
});

it('a line keeps its tabs and the letters of any language', () => {
  expect(linesOf('net:\t连接 état\n')).toEqual(['net:\t连接 état']);
});
