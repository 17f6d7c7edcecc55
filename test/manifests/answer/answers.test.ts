import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAnsweredFiles } from '../../../manifests/answer/answers.ts';
import { writeAnswer } from '../../../manifests/answer/write-answer.ts';
import { issue } from '../../../manifests/check/issue.ts';
import type { Verdict } from '../../../manifests/check/verdict.ts';
import { inboxOwner, OWNER_MARK } from '../../../manifests/intake/inbox-owner.ts';
import { readCsv } from '../csv/read-csv.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const FILE = { name: 'lot7.csv', bytes: 42, modified: '2026-01-01T00:00:00.123Z', sha256: 'ab'.repeat(32) };
const ACCEPTED: Verdict = {
  status: 'accepted',
  batchId: 'PO-7-abababab',
  order: 'PO-7',
  rows: 24,
  importedAt: '2026-01-01T00:00:01.000Z',
};

function rejected(...values: string[]): Verdict {
  const issues = values.map((value, at) =>
    issue('MANIFEST_SERIAL_INVALID', { line: at + 2, column: 'serial', value }),
  );
  return { status: 'rejected', issues, omitted: 0, rows: values.length, refusedRows: values.length };
}

describe('the answer to a manifest', () => {
  it('is NAME.accepted.json for an acceptance', async () => {
    const folder = temporaryFolder();
    const path = await writeAnswer(folder, FILE, ACCEPTED);
    expect(path).toBe(join(folder, 'lot7.accepted.json'));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      status: 'accepted',
      batch: 'PO-7-abababab',
      order: 'PO-7',
      rows: 24,
      importedAt: '2026-01-01T00:00:01.000Z',
      file: FILE,
    });
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toMatchObject([FILE]);
  });

  it('is NAME.rejected.csv for a rejection: a row for each fault, and no cell that a spreadsheet would run', async () => {
    const folder = temporaryFolder();
    const values = [
      '=cmd|x!A0',
      '+3V3',
      '-1,5',
      '-',
      '-A1',
      '-2+3',
      '@SUM(A1)',
      '\tx',
      '＝1',
      'a"b,c',
      'a\nb',
    ];
    const path = await writeAnswer(folder, FILE, rejected(...values));
    expect(path).toBe(join(folder, 'lot7.rejected.csv'));
    const rows = readCsv(path);
    expect(rows.map((row) => row['value'])).toEqual([
      "'=cmd|x!A0",
      '+3V3',
      '-1,5',
      '-',
      "'-A1",
      "'-2+3",
      "'@SUM(A1)",
      '\\u{9}x',
      "'＝1",
      'a"b,c',
      'a\\u{a}b',
    ]);
    expect(rows[0]).toEqual({
      line: '2',
      column: 'serial',
      value: "'=cmd|x!A0",
      means: 'The serial has a wrong length or forbidden characters.',
      expected: expect.stringContaining('A-Z'),
      code: 'MANIFEST_SERIAL_INVALID',
      file_bytes: '42',
      file_modified: FILE.modified,
      file_sha256: FILE.sha256,
    });
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toMatchObject([{ ...FILE, name: '' }]);
  });

  it('takes an earlier rejection away, and never an acceptance', async () => {
    const folder = temporaryFolder();
    await writeAnswer(folder, FILE, rejected('x'));
    await writeAnswer(folder, FILE, ACCEPTED);
    expect(readdirSync(folder)).toEqual(['lot7.accepted.json']);
    await writeAnswer(folder, FILE, rejected('x'));
    expect(readdirSync(folder)).toEqual(['lot7.accepted.json', 'lot7.rejected.csv']);
  });

  it('says how many faults it does not list', async () => {
    const folder = temporaryFolder();
    const path = await writeAnswer(folder, FILE, { ...rejected('x'), omitted: 17 } as Verdict);
    const rows = readCsv(path);
    expect(rows.map((row) => [row['code'], row['value']])).toEqual([
      ['MANIFEST_SERIAL_INVALID', 'x'],
      ['MANIFEST_MORE', '17 more'],
    ]);
  });

  it('counts as none when it is damaged or strange', async () => {
    const folder = temporaryFolder();
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toEqual([]);
    for (const text of ['', '{', '{}', '{"file": {"bytes": "42"}}', 'null']) {
      writeFileSync(join(folder, 'lot7.accepted.json'), text);
      expect(await readAnsweredFiles(folder, 'lot7.csv')).toEqual([]);
    }
    writeFileSync(join(folder, 'lot7.rejected.csv'), 'line,column\r\n1,2\r\n');
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toEqual([]);
    await writeAnswer(folder, FILE, ACCEPTED);
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toMatchObject([FILE]);
  });

  it('of an accepted content stays when another content comes under the same name', async () => {
    const folder = temporaryFolder();
    const first = await writeAnswer(folder, FILE, ACCEPTED);
    const text = readFileSync(first, 'utf8');
    await writeAnswer(folder, { ...FILE, bytes: 1, sha256: 'ba'.repeat(32) }, rejected('x'));
    const other = { ...FILE, bytes: 43, sha256: 'cd'.repeat(32) };
    const path = await writeAnswer(folder, other, { ...ACCEPTED, batchId: 'PO-7-cdcdcdcd' });
    expect(path).toBe(join(folder, 'lot7.cdcdcdcd.accepted.json'));
    expect(readFileSync(first, 'utf8')).toBe(text);
    expect(readdirSync(folder).toSorted()).toEqual(['lot7.accepted.json', 'lot7.cdcdcdcd.accepted.json']);
    expect((await readAnsweredFiles(folder, 'lot7.csv')).map(({ sha256 }) => sha256)).toEqual([
      FILE.sha256,
      other.sha256,
    ]);
  });

  it('of a name with eight digits is not taken for one of the name before them', async () => {
    const folder = temporaryFolder();
    await writeAnswer(folder, FILE, ACCEPTED);
    const dated = { ...FILE, name: 'lot7.20240301.csv', sha256: '20'.repeat(32) };
    await writeAnswer(folder, dated, ACCEPTED);
    expect((await readAnsweredFiles(folder, 'lot7.csv')).map(({ name }) => name)).toEqual(['lot7.csv']);
    expect(await readAnsweredFiles(folder, 'lot7.20240301.csv')).toMatchObject([dated]);
  });

  it('counts however much an acceptance says', async () => {
    const folder = temporaryFolder();
    const continues = Array.from({ length: 1_000 }, (_batch, at) => `PO-7-${String(at).padStart(8, '0')}`);
    await writeAnswer(folder, FILE, { ...ACCEPTED, continues });
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toMatchObject([FILE]);
  });

  it('is not waited for where a pipe has its name', { timeout: 5_000 }, async () => {
    const folder = temporaryFolder();
    for (const name of ['lot7.accepted.json', 'lot7.rejected.csv'])
      execFileSync('mkfifo', [join(folder, name)]);
    expect(await readAnsweredFiles(folder, 'lot7.csv')).toEqual([]);
    expect(await inboxOwner(folder)).toBeUndefined();
    execFileSync('mkfifo', [join(folder, OWNER_MARK)]);
    expect(await inboxOwner(folder)).toBeUndefined();
  });

  it('that cannot be written is an error that says what to do', async () => {
    const folder = join(temporaryFolder(), 'gone');
    await expect(writeAnswer(folder, FILE, ACCEPTED)).rejects.toMatchObject({
      code: 'MANIFEST_ANSWER_FAILED',
      message: expect.stringContaining('the folder does not exist'),
    });
    const long = { ...FILE, name: `${'x'.repeat(250)}.csv` };
    const here = temporaryFolder();
    await expect(writeAnswer(here, long, ACCEPTED)).rejects.toMatchObject({
      message: expect.stringContaining('the file name is too long'),
    });
    expect(existsSync(here) && readdirSync(here)).toEqual([]);
  });
});
