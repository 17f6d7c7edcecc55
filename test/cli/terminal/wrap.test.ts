import { describe, expect, it } from 'vitest';
import { beside } from '../../../cli/terminal/beside.ts';
import { widestPiece, wrapped } from '../../../cli/terminal/wrap.ts';

const ID = 'PO-1001-SHENZHEN-LONG-ORDER-NUMBER-A3EB0579';

describe('a text that is too wide', () => {
  it.each([
    ['continues at a blank', 'one two three', 8, ['one two', 'three']],
    ['keeps its indentation', '  one two three', 9, ['  one two', '  three']],
    ['keeps its line ends', 'one\n\ntwo', 3, ['one', '', 'two']],
    ['has a word that is wider as a row of its own', `see ${ID} now`, 20, ['see', ID, 'now']],
    [
      'has a command in quotes on one row',
      `There is none: "certline batch show ${ID}" lists all`,
      72,
      ['There is none:', `"certline batch show ${ID}" lists`, 'all'],
    ],
    [
      'has a command after a colon on one row, to its end',
      `When that is done: certline batch rerun ${ID} --reason "a b"`,
      70,
      ['When that is done:', `certline batch rerun ${ID} --reason "a b"`],
    ],
    [
      'has a command in brackets on one row',
      `close it (certline order close ${ID}), or wait`,
      50,
      ['close it', `(certline order close ${ID}),`, 'or wait'],
    ],
    ['continues anywhere in Chinese', '天线裂开请更换', 6, ['天线裂', '开请更', '换']],
    ['never cuts a name that has Chinese in it', '深圳批次-2026 x', 6, ['深圳批次-2026', 'x']],
  ])('%s', (_, text, width, rows) => {
    expect(wrapped(text, width)).toEqual(rows);
  });

  it('is as it was where there is no end of the row', () => {
    expect(wrapped(`a  b  ${ID}`, Infinity)).toEqual([`a  b  ${ID}`]);
  });

  it('is at least as wide as its widest piece', () => {
    expect(widestPiece(`to try again: certline batch rerun ${ID}`)).toBe(`certline batch rerun ${ID}`.length);
  });

  it('continues below its beginning beside a label, else below the label', () => {
    expect(beside('To do', 'load a board, and then type', 31)).toEqual([
      'To do  load a board, and then',
      '       type',
    ]);
    expect(beside('Manifest', `${ID} x`, 46)).toEqual(['Manifest', `  ${ID}`, '          x']);
    expect(beside('!', `see ${ID}`, 43)).toEqual(['!  see', ID]);
    expect(beside('A label that leaves no room', 'load a board', 30)).toEqual([
      'A label that leaves no room',
      '  load a board',
    ]);
  });
});
