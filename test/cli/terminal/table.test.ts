import { afterEach, describe, expect, it, vi } from 'vitest';
import { printFields, printTable } from '../../../cli/terminal/table.ts';

function captured(): { text: () => string } {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  return { text: () => text };
}

afterEach(() => vi.restoreAllMocks());

const COLUMNS = [{ head: 'serial' }, { head: 'n', align: 'right' }, { head: 'code' }] as const;

describe('a table', () => {
  it('has columns as wide as their widest cell, and no blanks at the end', async () => {
    const out = captured();
    await printTable(COLUMNS, [
      ['CL-1', '7', ''],
      ['CL-000002', '12', 'X'],
    ]);
    expect(out.text()).toBe('serial      n  code\nCL-1        7\nCL-000002  12  X\n');
  });

  it('aligns cells of signs that are two cells wide', async () => {
    const out = captured();
    await printTable(COLUMNS, [
      ['深圳-1', '7', 'A'],
      ['CL-000002', '12', 'B'],
    ]);
    expect(out.text()).toBe('serial      n  code\n深圳-1      7  A\nCL-000002  12  B\n');
  });

  it('has its heads when there is no row', async () => {
    const out = captured();
    await printTable(COLUMNS, []);
    expect(out.text()).toBe('serial  n  code\n');
  });

  it('comes out while its rows still come in', async () => {
    const out = captured();
    let seen = 0;
    async function* rows(): AsyncGenerator<string[]> {
      for (let at = 0; at < 1_200; at++) {
        seen = out.text().split('\n').length - 1;
        yield [`CL-${at}`, String(at), ''];
      }
    }
    await printTable(COLUMNS, rows());
    expect(seen).toBe(1_200);
    expect(out.text().split('\n')).toHaveLength(1_202);
    expect(out.text()).toContain('\nCL-1199  1199\n');
  });

  it('leaves out fields without a value', () => {
    const out = captured();
    printFields([
      ['A', '1'],
      ['Long', undefined],
      ['B', '2'],
    ]);
    expect(out.text()).toBe('A     1\nB     2\n');
  });
});
