import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { printFields, printTable } from '../../../cli/terminal/table.ts';

function captured(): { text: () => string } {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  return { text: () => stripVTControlCharacters(text) };
}

afterEach(() => vi.restoreAllMocks());

/** From here on to the end of the test, standard output is a terminal so wide. */
function atTerminal(columns: number): void {
  const { isTTY, columns: before } = process.stdout;
  Object.assign(process.stdout, { isTTY: true, columns });
  onTestFinished(() => void Object.assign(process.stdout, { isTTY, columns: before }));
}

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

  it('has several rows for a sentence where the terminal is narrow', async () => {
    const out = captured();
    atTerminal(44);
    await printTable(
      [{ head: 'serial' }, { head: 'what to do', wraps: true }, { head: 'then type' }],
      [
        ['CL-1', 'Look at the board: reseat it', 'certline x'],
        ['CL-2', '', ''],
      ],
    );
    expect(out.text()).toBe(
      [
        `serial  ${'what to do'.padEnd(24)}  then type`,
        `CL-1    ${'Look at the board:'.padEnd(24)}  certline x`,
        '        reseat it',
        'CL-2',
        '',
      ].join('\n'),
    );
  });

  it('names its cells one after the other where there is no room for its columns', async () => {
    const out = captured();
    atTerminal(40);
    const id = 'PO-1001-A-LONG-ORDER-NUMBER-A3EB0579';
    await printTable(
      ['batch', 'state', 'units', 'why'].map((head) => ({
        head,
        ...(head === 'why' && { wraps: true as const }),
      })),
      [
        [id, 'open', '24', 'the antenna is cracked, and the cover is missing'],
        ['PO-2', '', '1', ''],
      ],
    );
    expect(out.text()).toBe(
      [
        'batch',
        `  ${id}`,
        '  state open  units 24',
        '  why  the antenna is cracked, and the',
        '       cover is missing',
        'batch PO-2  units 1',
        '',
      ].join('\n'),
    );
  });

  it('cuts no cell of a row that is wider than those by which it was laid out', async () => {
    const out = captured();
    atTerminal(20);
    const rows = Array.from({ length: 501 }, (_row, at) => [
      at === 500 ? 'CL-A-MUCH-LONGER-1' : 'CL-1',
      '7',
      'X',
    ]);
    await printTable(COLUMNS, rows);
    const lines = out.text().split('\n').slice(-5);
    expect(lines).toEqual(['CL-1    7  X', 'serial', '  CL-A-MUCH-LONGER-1', '  n 7  code X', '']);
  });
});
