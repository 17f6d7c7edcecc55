import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renumberExample } from '../../../manifests/csv/renumber.ts';
import { parsed } from '../check/parsed.ts';

const EXAMPLE = readFileSync('manifests/example.csv', 'utf8');

describe('renumberExample', () => {
  it('gives the example itself as lot 1', () => {
    expect(renumberExample(EXAMPLE, 1)).toBe(EXAMPLE);
  });

  it('counts order and serials on, so that no two lots share a serial', async () => {
    const serials = new Set<string>();
    for (let lot = 1; lot <= 50; lot += 1) {
      const { rows, issues } = await parsed(renumberExample(EXAMPLE, lot));
      expect(issues).toEqual([]);
      expect(rows.map((row) => row.order)).toEqual(Array.from({ length: 24 }, () => `PO-${1000 + lot}`));
      for (const row of rows) serials.add(row.serial);
    }
    expect(serials.size).toBe(50 * 24);
    expect(serials).toContain('CL-000001');
    expect(serials).toContain('CL-001200');
  });

  it('refuses what is no lot number', () => {
    for (const lot of [0, -1, 1.5, Number.NaN])
      expect(() => renumberExample(EXAMPLE, lot)).toThrow(RangeError);
  });
});
