import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyTable } from '../../../manifests/check/key-table.ts';

const key = fc.stringMatching(/^[A-C0-2-]{1,4}$/);

it('has each key with its first line, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.boolean(), (keys, isSorted) => {
      const table = new KeyTable();
      const known = new Map<string, number>();
      for (const [at, each] of (isSorted ? keys.toSorted() : keys).entries()) {
        expect(table.add(each, at + 1)).toBe(known.get(each) ?? 0);
        if (!known.has(each)) known.set(each, at + 1);
      }
      for (const each of ['A', 'zz', ...keys]) expect(table.has(each)).toBe(known.has(each));
    }),
  );
});

it('has 100,000 keys: ascending, then one from their middle, then others', () => {
  const table = new KeyTable();
  const name = (at: number): string => `CL-${String(at).padStart(60, '0')}`;
  for (let at = 0; at < 100_000; at += 1) expect(table.add(name(at), at + 2)).toBe(0);
  expect(table.add(name(50_000), 7)).toBe(50_002);
  for (let at = 99_990; at < 100_010; at += 1)
    expect(table.add(name(at), at + 2)).toBe(at < 100_000 ? at + 2 : 0);
  expect([table.has(name(100_009)), table.has(name(100_010))]).toEqual([true, false]);
});
