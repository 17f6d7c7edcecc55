import { describe, expect, it } from 'vitest';
import { bytes, integer, present, text } from '../../sql/row.ts';

const ROW = { name: 'a', size: 7, count: '12', body: Uint8Array.of(1), nothing: null };

describe('the columns of a row', () => {
  it('are read by their type', () => {
    expect([text(ROW, 'name'), integer(ROW, 'size'), integer(ROW, 'count')]).toEqual(['a', 7, 12]);
    expect(bytes(ROW, 'body')).toEqual(Uint8Array.of(1));
    expect(present(ROW, { title: 'name', other: 'nothing' })).toEqual({ title: 'a' });
  });

  it.each([
    ['NULL as text', () => text(ROW, 'nothing')],
    ['a number as text', () => text(ROW, 'size')],
    ['NULL as an integer', () => integer(ROW, 'nothing')],
    ['a name as an integer', () => integer(ROW, 'name')],
    ['text as bytes', () => bytes(ROW, 'name')],
    ['a column that the row does not have', () => text(ROW, 'missing')],
  ])('are not read as what they are not: %s', (_name, read) => {
    expect(read).toThrow(/^The column \w+ has no /);
  });
});
