import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AttemptFailure, BatchSummary, UnitRecord } from '../../../registry/registry.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { registryPath } from '../../../line/state-folder.ts';
import { freshTbs, makeCa, signTbs } from '../../pki/leaf.ts';
import { imported, registration, serialsFrom } from '../../registry/record/opened.ts';
import { readCsv } from '../../manifests/csv/read-csv.ts';
import { json, newPlace } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';

const failure = (serial: string, code: string): AttemptFailure => ({
  batchId: 'PO-1',
  serial,
  attempt: 1,
  step: 'flashCredentials',
  code,
  stationId: 'st-1',
  socket: '3',
  boardId: 'c0ffee01',
  startedAt: '2026-01-01T00:30:00.000Z',
});

/** Batches PO-1 (five units: passed, scrapped, waiting, two open) and, later, PO-10 (one unit, not started). */
async function filledPlace(): Promise<Place & { chain: string; certificate: Uint8Array }> {
  const place = newPlace();
  const registry = openRegistryFile(registryPath(place.state));
  const ca = await makeCa(place.folder);
  const certificate = await signTbs(ca, await freshTbs(ca, 'CL-000001'));
  await imported(registry, '1', serialsFrom(1, 5));
  await registry.recordStart('PO-1');
  const certificateSha256 = createHash('sha256').update(certificate).digest('hex');
  await registry.registerUnit({ ...registration('CL-000001'), certificate, certificateSha256 });
  await registry.recordOutcome({
    ...failure('CL-000002', 'SMP_DEVICE_ERROR'),
    outcome: 'FAIL',
    reason: 'cracked',
  });
  await registry.recordAttention(failure('CL-000003', 'BOARD_GONE'));
  await imported(registry, '10', ['CL-000099']);
  await registry.close();
  return { ...place, chain: ca.chainPath, certificate };
}

describe('certline batch list', () => {
  it('says that there is no batch yet', async () => {
    const place = newPlace();
    await openRegistryFile(registryPath(place.state)).close();
    const { status, stdout } = await place.certline('batch', 'list');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^No batch yet/);
    expect(json(await place.certline('batch', 'list', '--json'))).toEqual({ batches: [] });
  });

  it('has the newest first, with counts, state and manifest', async () => {
    const place = await filledPlace();
    const [text, document] = await Promise.all([
      place.certline('batch', 'list'),
      place.certline('batch', 'list', '--json'),
    ]);
    const lines = text.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(
      /^PO-10 +not started +1 +- +- +- +- +- +1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +10\.csv$/,
    );
    expect(lines[2]).toMatch(/^PO-1 +open +5 +1 +1 +- +- +1 +2 +.*1\.csv$/);
    expect((json(document) as { batches: object[] }).batches).toMatchObject([
      { batchId: 'PO-10', state: 'not started', quantity: 1, open: 1 },
      {
        batchId: 'PO-1',
        state: 'open',
        order: 'PO-1',
        quantity: 5,
        passed: 1,
        failed: 1,
        attention: 1,
        open: 2,
      },
    ]);
  });
});

describe('a host without the registry of the line', () => {
  it.each([
    ['batch', 'list'],
    ['batch', 'list', '--json'],
    ['batch', 'show', 'PO-1'],
    ['unit', 'show', 'CL-1'],
  ])('is told so by certline %s %s, with the path and what still works', async (...args) => {
    const place = newPlace();
    const ended = await place.certline(...args);
    const { status, stdout, stderr } = ended;
    expect(status).toBe(5);
    if (args.includes('--json')) expect(json(ended)).toMatchObject({ error: { code: 'unknown', status: 5 } });
    else expect(stdout).toBe('');
    expect(stderr).toContain(`There is no registry ${registryPath(place.state)}`);
    expect(stderr).toContain('certline batch watch');
    expect(existsSync(registryPath(place.state))).toBe(false);
  });
});

describe('a state folder that is not there', () => {
  it.each([
    ['batch', 'list'],
    ['batch', 'show', 'PO-1'],
    ['batch', 'watch', 'PO-1'],
    ['batch', 'rerun', 'PO-1'],
    ['batch', 'cancel', 'PO-1', '--yes'],
    ['unit', 'show', 'CL-1'],
    ['unit', 'retry', 'CL-1'],
    ['unit', 'skip', 'CL-1'],
    ['unit', 'scrap', 'CL-1'],
    ['audit', 'verify'],
    ['audit', 'reconcile'],
    ['audit', 'checkpoint'],
    ['station', 'list'],
    ['ca', 'show'],
    ['cert', 'show', 'CL-1'],
    ['order', 'show', 'PO-1'],
    ['order', 'close', 'PO-1'],
    ['line', 'status'],
    ['unit', 'list', '--waiting'],
  ])('is an error of certline %s %s, and is not made', async (...args) => {
    const place = newPlace();
    const absent = join(place.folder, 'absent');
    const { status, stdout, stderr } = await place.certline('--state', absent, ...args);
    expect(stdout).toBe('');
    expect(status).toBeGreaterThan(2);
    expect(stderr).toContain(absent);
    expect(existsSync(absent)).toBe(false);
  });
});

describe('certline batch show', () => {
  it('tells how a batch stands, and what to do about units that wait', async () => {
    const place = await filledPlace();
    mkdirSync(place.inbox);
    const [before, document] = await Promise.all([
      place.certline('batch', 'show', 'po-1'),
      place.certline('batch', 'show', 'PO-1', '--json'),
    ]);
    expect(before.status).toBe(0);
    expect(before.stdout).toContain(
      '5: 1 passed, 1 failed, 0 errors, 0 on hold, 1 waiting for a decision, 2 open',
    );
    expect(before.stdout).toMatch(
      /CL-000003 +flashCredentials +BOARD_GONE +1 +The board is no longer in its socket/,
    );
    expect(before.stdout).toContain('certline batch rerun PO-1');
    expect(before.stdout).toContain(`${join(place.inbox, '1.result.csv')} (when the batch has ended)`);
    expect(before.stdout).not.toContain('CL-000004');
    expect(json(document)).toMatchObject({
      batchId: 'PO-1',
      attention: 1,
      result: null,
      waiting: [{ serial: 'CL-000003', step: 'flashCredentials', code: 'BOARD_GONE', attempt: 1 }],
    });
    writeFileSync(join(place.inbox, '1.result.csv'), '');
    const after = json(await place.certline('batch', 'show', 'PO-1', '--json')) as { result: string };
    expect(after.result).toBe(join(place.inbox, '1.result.csv'));
  });

  it('can be written again as a result, with a version that rises, and copied with that version', async () => {
    const place = await filledPlace();
    mkdirSync(place.inbox);
    const other = join(place.folder, 'other.csv');
    const first = await place.certline('batch', 'result', 'PO-1');
    const second = await place.certline('batch', 'result', 'PO-1', '--output', other);
    const path = join(place.inbox, '1.result.csv');
    expect(first.stdout).toBe(
      `Result 1 of batch PO-1 is in ${path}; the batch is open, so units have no outcome yet\n`,
    );
    expect(second).toMatchObject({ status: 0, stderr: '' });
    const [one, two] = [readCsv(path), readCsv(other)];
    expect(one).toHaveLength(5);
    expect(one[0]).toMatchObject({ batch: 'PO-1', outcome: 'PASS', 'attr.rev': 'B2', result_version: '1' });
    expect(two).toEqual(one);
    const third = await place.certline('batch', 'result', 'PO-1', '--json');
    expect(json(third)).toMatchObject({ version: 2, file: path });
    expect(readCsv(path)[0]).toMatchObject({ result_version: '2' });
    const absent = await place.certline(
      'batch',
      'result',
      'PO-1',
      '--output',
      join(other, 'in', 'a', 'file'),
    );
    expect(absent).toMatchObject({ status: 50, stderr: expect.stringContaining(other) });
  });

  it('is written again with its report and status when it is closed, and then the line does not write them again', async () => {
    const place = await filledPlace();
    mkdirSync(place.inbox);
    const registry = openRegistryFile(registryPath(place.state));
    const ended = { ...failure('CL-000099', 'BOARD_GONE'), batchId: 'PO-10', outcome: 'HOLD' } as const;
    await registry.recordOutcome(ended);
    await registry.closeBatch('PO-10');
    const later = new Date(Date.now() + 60_000).toISOString();
    expect(await registry.lateAnswers(later)).toEqual(['PO-10']);
    const result = await place.certline('batch', 'result', 'PO-10');
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(place.inbox)).toEqual(
      expect.arrayContaining(['10.result.csv', '10.report.html', '10.status.json']),
    );
    expect(await registry.lateAnswers(later)).toEqual([]);
    await registry.close();
  });

  it('has every unit on demand', async () => {
    const place = await filledPlace();
    const [text, document] = await Promise.all([
      place.certline('batch', 'show', 'PO-1', '--units'),
      place.certline('batch', 'show', 'PO-1', '--units', '--json'),
    ]);
    expect(text.stdout).toMatch(/\nCL-000001 +PASS /);
    expect(text.stdout).toMatch(/\nCL-000003 +waits +BOARD_GONE +c0ffee01 +st-1\/3 +1 /);
    expect(text.stdout).toMatch(/\nCL-000005 +0\n/);
    const { units } = json(document) as BatchSummary & { units: { serial: string }[] };
    expect(units.map(({ serial }) => serial)).toEqual(serialsFrom(1, 5));
  });

  it('names the nearest batches when there is none, or several', async () => {
    const place = await filledPlace();
    const [beginning, near, far] = await Promise.all(
      ['PO', 'PO-2', 'nothing-alike'].map((id) => place.certline('batch', 'show', id)),
    );
    expect(beginning).toMatchObject({
      status: 5,
      stdout: '',
      stderr: 'certline: PO could be PO-10, PO-1: type more of the id.\n',
    });
    expect(near).toMatchObject({
      status: 5,
      stderr: expect.stringMatching(/Did you mean PO-10? or PO-10?\?/),
    });
    expect(far).toMatchObject({ status: 5, stderr: expect.stringContaining('certline batch list') });
  });
});

describe('certline unit show', () => {
  it('tells outcome, attempts, certificates and evidence, whatever the case of the serial', async () => {
    const place = await filledPlace();
    const [passed, waiting, document] = await Promise.all([
      place.certline('unit', 'show', 'cl-000001'),
      place.certline('unit', 'show', 'CL-000003'),
      place.certline('unit', 'show', 'CL-000001', '--json'),
    ]);
    expect(passed.stdout).toMatch(/Outcome +PASS\n/);
    expect(passed.stdout).toMatch(
      /\n[0-9a-f]{32} +active +1 +[0-9a-f]{16} +2026-01-01 00:00:00 UTC +without end +[0-9a-f]{64}\n/,
    );
    expect(passed.stdout).toContain('Evidence 1, readBack');
    expect(waiting.stdout).toContain('waits for a decision: BOARD_GONE at flashCredentials');
    expect(waiting.stdout).toContain('certline unit retry CL-000003');
    const unit = json(document) as UnitRecord & { certificates: { pem: string }[]; live: null };
    expect(unit).toMatchObject({ serial: 'CL-000001', outcome: 'PASS', live: null, row: 1 });
    expect(unit.certificates[0]?.pem).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  });

  it('gives the certificate to openssl', async () => {
    const place = await filledPlace();
    const { status, stdout } = await place.certline('unit', 'show', 'CL-000001', '--pem');
    expect(status).toBe(0);
    const path = join(place.folder, 'unit.pem');
    writeFileSync(path, stdout);
    expect(execFileSync('openssl', ['verify', '-CAfile', place.chain, path], { encoding: 'utf8' })).toContain(
      ': OK',
    );
    expect(execFileSync('openssl', ['x509', '-in', path, '-outform', 'DER'])).toEqual(
      Buffer.from(place.certificate),
    );
    expect(await place.certline('unit', 'show', 'CL-000002', '--pem')).toMatchObject({
      status: 6,
      stdout: '',
    });
  });

  it('knows no other unit', async () => {
    const { status, stdout, stderr } = await (await filledPlace()).certline('unit', 'show', 'CL-777777');
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(/^certline: No batch has a unit CL-777777: .*\n$/);
  });
});

describe('commands that steer', () => {
  it.each([
    ['batch', 'watch', 'PO-1'],
    ['batch', 'rerun', 'PO-1'],
    ['batch', 'cancel', 'PO-1', '--yes'],
    ['unit', 'retry', 'CL-000003'],
  ])('need a running line: %s %s', async (...command) => {
    const place = newPlace();
    await openRegistryFile(registryPath(place.state)).close();
    const { status, stderr } = await place.certline(...command);
    expect(stderr).toMatch(/^certline: .+\n$/);
    // A batch that the registry does not know is the first thing that is wrong.
    expect(status).toBe(['watch', 'cancel'].includes(command[1]) ? 5 : 8);
  });
});

describe('the registry', () => {
  it('that is none is named with the cure, with status 50', async () => {
    const place = newPlace();
    writeFileSync(registryPath(place.state), 'no database at all, only text'.repeat(100));
    const { status, stderr } = await place.certline('batch', 'list');
    expect(status).toBe(50);
    expect(stderr).toMatch(/^certline: .*registry\.db.*restore it from a backup.*\n$/);
  });
});
