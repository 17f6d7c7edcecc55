import { describe, expect, it } from 'vitest';
import { nameClaims } from '../../../manifests/intake/name-claims.ts';
import type { NameClaims } from '../../../manifests/intake/name-claims.ts';

describe('the name of a manifest', () => {
  it.each<[string, Omit<NameClaims, 'unread'>]>([
    ['lot7.csv', {}],
    ['lot7.rows-500.csv', { rows: 500 }],
    ['lot7.ROWS-500.CSV', { rows: 500 }],
    ['lot7.rows-500 (1).csv', { rows: 500 }],
    ['lot7.rows-500(2).csv', { rows: 500 }],
    ['lot7.rows-500 - Copy.csv', { rows: 500 }],
    ['lot7.rows-500 - Kopie (2).csv', { rows: 500 }],
    ['lot7.rows-500 2.csv', { rows: 500 }],
    ['lot7.rows-500.2.csv', { rows: 500 }],
    ['lot7.sha256-1F2E3d4c (1).csv', { sha256: '1f2e3d4c' }],
    ['lot7.rows-5.priority-1 (1).csv', { rows: 5, priority: '1' }],
    ['lot7.priority-urgent.csv', { priority: 'urgent' }],
  ])('%s is understood', (name, claims) => {
    expect(nameClaims(name)).toEqual({ ...claims, unread: [] });
  });

  it.each([
    ['lot7.rows-1.000.csv', 'ROW_COUNT', 'rows-1.000'],
    ['lot7.rows-1.000 (1).csv', 'ROW_COUNT', 'rows-1.000'],
    ['lot7.rows-1 000.csv', 'ROW_COUNT', 'rows-1 000'],
    ['lot7.rows-1,000.csv', 'ROW_COUNT', 'rows-1,000'],
    ['lot7.rows-5OO.csv', 'ROW_COUNT', 'rows-5OO'],
    ['lot7.rows-.csv', 'ROW_COUNT', 'rows-'],
    ['lot7.rows-12345678.csv', 'ROW_COUNT', 'rows-12345678'],
    ['lot7.sha256-1f2e.csv', 'DIGEST', 'sha256-1f2e'],
    ['lot7.sha256-1f2e3d4x.csv', 'DIGEST', 'sha256-1f2e3d4x'],
    [`lot7.sha256-${'a'.repeat(65)}.csv`, 'DIGEST', `sha256-${'a'.repeat(65)}`],
  ])('%s is refused', (name, code, value) => {
    const { rows, sha256, unread } = nameClaims(name);
    expect({ rows, sha256 }).toEqual({});
    expect(unread).toMatchObject([{ code: `MANIFEST_${code}`, value, line: 0 }]);
    expect(unread[0]?.expected).toContain('for example lot7.');
  });
});
