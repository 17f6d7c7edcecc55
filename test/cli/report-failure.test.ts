import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { reasonOf, reportFailure } from '../../cli/report-failure.ts';
import { PkiError } from '../../pki/pki-error.ts';
import { SMP_ERROR_CODES, SmpError } from '../../smp/smp-error.ts';

afterEach(() => vi.restoreAllMocks());

/** What a command would say, and its exit status. */
function told(error: unknown): { status: number; text: string } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const status = reportFailure(error);
  return { status, text: String(write.mock.calls[0]?.[0]) };
}

function sqliteError(): unknown {
  const folder = temporaryFolder();
  try {
    writeFileSync(
      join(folder, 'broken.db'),
      'this is no database, and long enough to be looked at as one'.repeat(40),
    );
    const database = new DatabaseSync(join(folder, 'broken.db'));
    database.exec('SELECT * FROM sqlite_schema');
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a failure that reaches a command', () => {
  it('of a full disk is one sentence with the cure, and no defect', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const { status, text } = told(full);
    expect(status).toBe(50);
    expect(text).toMatch(/^certline: ENOSPC: no space left on device, write: free some space.*\n$/);
  });

  it('of a database is one sentence with the cure', () => {
    const { status, text } = told(sqliteError());
    expect(status).toBe(50);
    expect(text).toMatch(/^certline: file is not a database: a database cannot be used: .*\n$/);
  });

  it.each([
    ['SMP_INVALID_ARGUMENT', 2],
    ['SMP_CANCELLED', 130],
    ['SMP_TIMEOUT', 23],
  ] as const)('of a board, %s, ends with status %i and no stack', (code, status) => {
    expect(told(new SmpError(code, '/dev/x: so it is'))).toEqual({
      status,
      text: 'certline: /dev/x: so it is\n',
    });
  });

  it.each([
    ['ORDER_EXPIRED', 10],
    ['LEDGER_STALE', 33],
    ['STATION_UNKNOWN', 5],
    ['REQUEST_INVALID', 32],
    ['CA_NOT_FOUND', 30],
  ] as const)('of the signer, %s, ends with status %i', (code, status) => {
    expect(told(new PkiError(code, 'so it is')).status).toBe(status);
  });

  it('of a board always has a status of its own, but for one that is closed while it is used', () => {
    const defects = SMP_ERROR_CODES.filter((code) => reasonOf(new SmpError(code, 'x')) === 'defect');
    expect(defects).toEqual(['SMP_CLOSED']);
  });

  it('shows what strangers wrote without controlling the terminal', () => {
    const { text } = told(new PkiError('ORDER_INVALID', 'The file a\u001B[2J\u202E.csv\nis wrong'));
    expect(text).toBe('certline: The file a [2J .csv\nis wrong\n');
  });

  it('that nobody foresaw is a defect, with its stack', () => {
    const { status, text } = told(new TypeError('x is not a function'));
    expect(status).toBe(70);
    expect(text).toContain('    at ');
  });
});

describe('an error that nothing catches', () => {
  const MODULE = join(import.meta.dirname, '..', '..', 'cli', 'report-failure.ts');
  const ended = (thrown: string) => {
    const code = `
      const { reportUncaught } = await import(${JSON.stringify(MODULE)});
      reportUncaught();
      setTimeout(() => { ${thrown} });
      setTimeout(() => {}, 60_000);`;
    const options = { encoding: 'utf8', timeout: 30_000 } as const;
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], options);
  };

  it.each([
    ['thrown', `throw new Error('a defect');`],
    ['of a promise', `Promise.reject(new Error('a defect'));`],
  ])('ends the process as a defect, with its stack: %s', (_how, thrown) => {
    const { status, stderr } = ended(thrown);
    expect(stderr).toMatch(/^certline: Error: a defect\n +at /);
    expect(status).toBe(70);
  });

  it('ends it with a sentence where the error is that of the system', () => {
    const full = `throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });`;
    const { status, stderr } = ended(full);
    expect(stderr).toMatch(
      /^certline: EMFILE: too many open files: the process has too many files open.*\n$/,
    );
    expect(status).toBe(50);
  });
});
