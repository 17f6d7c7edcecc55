import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { registryPath } from '../../../line/state-folder.ts';
import { writeAnswer } from '../../../manifests/answer/write-answer.ts';
import { issue } from '../../../manifests/check/issue.ts';
import { executableOnPath } from '../../../temporal/program/executable-on-path.ts';
import { writeBatchResult } from '../../../reports/batch-result.ts';
import { filesOf, writeStatus } from '../../../reports/lot-answers.ts';
import { writeLotReport } from '../../../reports/lot-report/lot-report.ts';
import { readCsv } from '../../manifests/csv/read-csv.ts';
import { newBatch, openedRegistry, registration } from '../../registry/record/opened.ts';
import { newPlace } from '../../support/certline.ts';

const run = promisify(execFile);
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const PYTHON = join(CACHE, 'certline/pandas-2.3.3-lxml-6.0.2/bin/python');
const SOFFICE = executableOnPath('soffice', process.env);
const INSTALL = 'run test/reports/spreadsheets/install.sh';
const noPandas = existsSync(PYTHON) ? '' : ` — cannot run: no pandas, ${INSTALL}`;
const noOffice = SOFFICE === undefined ? ` — cannot run: no soffice, ${INSTALL}` : '';

/** Serials that spreadsheets take for numbers and dates, and attributes that they take for numbers and formulas. */
const UNITS = [
  { serial: '000123', note: '-40C' },
  { serial: '03-01', note: '+3V3' },
  { serial: '1E5', note: '-1,5' },
  { serial: '1234567890123456789', note: 'ü€\u{1F600} "a", b; c' },
  { serial: 'CL-000005', note: '=1+1' },
  { serial: 'TRUE', note: '-' },
];

/** As they are in an answer: what would run has an apostrophe. */
const NOTES = UNITS.map(({ note }) => (note === '=1+1' ? "'=1+1" : note));
const SERIALS = UNITS.map(({ serial }) => serial);

interface Answers {
  readonly folder: string;
  readonly csv: readonly string[];
  readonly result: string;
  readonly report: string;
  readonly accepted: string;
}

/** Every kind of answer about one lot. */
async function writeAnswers(): Promise<Answers> {
  const place = newPlace();
  mkdirSync(place.inbox);
  const registry = openedRegistry(registryPath(place.state));
  async function* rows() {
    for (const { serial, note } of UNITS) yield { serial, product: 'node', attrs: { note } };
  }
  await registry.importBatch({ ...newBatch('1', UNITS.length), manifest: 'lot7.csv' }, rows());
  await registry.recordStart('PO-1');
  for (const { serial } of UNITS.slice(0, 4)) await registry.registerUnit(registration(serial));
  await registry.recordOutcome({
    batchId: 'PO-1',
    attempt: 1,
    step: 'flashCredentials',
    code: 'BOARD_GONE',
    serial: 'CL-000005',
    outcome: 'HOLD',
    decision: { verdict: 'skip', reason: '=lab()', by: 'Ängström', decidedAt: '2026-01-02T00:00:00.000Z' },
  });
  const batch = (await registry.batch('PO-1'))!;
  const files = await filesOf(registry, place.inbox, batch);
  await writeBatchResult(registry, batch, files.result);
  await writeLotReport(registry, batch, files.report);
  await writeStatus(registry, files, batch);
  const file = { bytes: 42, modified: '2026-01-01T00:00:00.000Z', sha256: 'ab'.repeat(32) };
  const issues = UNITS.map(({ note }, at) =>
    issue('MANIFEST_SERIAL_INVALID', { line: at + 2, column: 'serial', value: note }),
  );
  const refused = { status: 'rejected', issues, omitted: 0, rows: 6, refusedRows: 6 } as const;
  const rejected = await writeAnswer(place.inbox, { ...file, name: 'lot8.csv' }, refused);
  const taken = { status: 'accepted', batchId: 'PO-1', order: '000123', rows: 6 } as const;
  const accepted = await writeAnswer(
    place.inbox,
    { ...file, name: 'lot7.csv' },
    { ...taken, importedAt: batch.importedAt, understood: ['ü€'] },
  );
  const folder = join(place.folder, 'certificates');
  expect(await place.certline('batch', 'export', 'PO-1', '--certificates', folder)).toMatchObject({
    status: 0,
  });
  const csv = [files.result, files.statusCsv, rejected, join(folder, 'certificates.csv')];
  return { folder: place.folder, csv, result: files.result, report: files.report, accepted };
}

describe.skipIf(noPandas !== '')(`pandas${noPandas}`, () => {
  it('opens every answer, with each value as it was written', async () => {
    const { csv, result, report, accepted } = await writeAnswers();
    const script = join(import.meta.dirname, 'read_answers.py');
    const { stdout } = await run(PYTHON, [script, ...csv, report, accepted]);
    const opened = JSON.parse(stdout) as Record<string, Record<string, string>[]>;
    for (const path of csv) expect(opened[path]).toEqual(readCsv(path));
    expect(opened[result]!.map(({ serial }) => serial)).toEqual(SERIALS);
    expect(opened[result]!.map((row) => row['attr.note'])).toEqual(NOTES);
    expect(opened[result]![4]).toMatchObject({ reason: "'=lab()", decided_by: 'Ängström' });
    expect(opened[report]!.map((row) => row['Serial'])).toEqual(SERIALS);
    expect(opened[report]!.map((row) => row['History'])).toEqual(
      UNITS.map(({ note }) => expect.stringContaining(`note: ${note}`) as string),
    );
    expect(opened[accepted]).toMatchObject({ order: '000123', rows: 6, understood: ['ü€'] });
  });
});

describe.skipIf(noOffice !== '')(`LibreOffice${noOffice}`, () => {
  /** Opens files with a filter, and saves what their cells show; returns the paths. */
  async function converted(folder: string, paths: readonly string[], filter: string): Promise<string[]> {
    const out = join(folder, 'converted');
    const profile = pathToFileURL(join(folder, 'profile')).href;
    const save = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true';
    const args = ['--headless', `--infilter=${filter}`, '--convert-to', save, '--outdir', out, ...paths];
    await run(SOFFICE!, [`-env:UserInstallation=${profile}`, ...args]);
    return paths.map((path) => join(out, basename(path).replace(/\.\w+$/, '.csv')));
  }

  // Comma, double quote, UTF-8, from line 1.
  const FILTER = 'Text - txt - csv (StarCalc):44,34,76,1';

  it('opens every answer; with quoted cells as text, each value is as it was written', async () => {
    const { folder, csv, result } = await writeAnswers();
    const paths = await converted(folder, csv, `${FILTER},,0,true`);
    for (const [at, path] of paths.entries()) expect(readCsv(path)).toEqual(readCsv(csv[at]!));
    const rows = readCsv(paths[csv.indexOf(result)]!);
    expect(rows.map(({ serial }) => serial)).toEqual(SERIALS);
    expect(rows.map((row) => row['attr.note'])).toEqual(NOTES);
  });

  it('runs no cell, where it guesses what the cells are', async () => {
    const { folder, csv, result } = await writeAnswers();
    const paths = await converted(folder, csv, FILTER);
    const rows = readCsv(paths[csv.indexOf(result)]!);
    // No byte order mark in front of the first name, and text in any script.
    expect(rows[3]).toMatchObject({ order: 'PO-1', 'attr.note': UNITS[3]!.note });
    expect(rows[4]).toMatchObject({ 'attr.note': "'=1+1", reason: "'=lab()" });
    expect(rows.map((row) => row['attr.note']).slice(0, 2)).toEqual(['-40C', '+3V3']);
  });

  it('opens the report', async () => {
    const { folder, report } = await writeAnswers();
    const [path] = await converted(folder, [report], 'HTML (StarCalc)');
    const text = readFileSync(path!, 'utf8');
    expect(text).toContain('4 passed + 0 failed + 0 errors + 1 held + 1 open = 6 ordered.');
    expect(text).toContain('note: ü€\u{1F600} ""a"", b; c');
    expect(text).toContain('note: =1+1');
  });
});
