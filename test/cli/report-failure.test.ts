import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { reportFailure } from '../../cli/report-failure.ts';

afterEach(() => vi.restoreAllMocks());

/** What a command would say, and its exit status. */
function told(error: unknown): { status: number; text: string } {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const status = reportFailure(error);
  return { status, text: String(write.mock.calls[0]?.[0]) };
}

function sqliteError(): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'certline-report-'));
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
  } finally {
    rmSync(folder, { recursive: true });
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

  it('that nobody foresaw is a defect, with its stack', () => {
    const { status, text } = told(new TypeError('x is not a function'));
    expect(status).toBe(70);
    expect(text).toContain('    at ');
  });
});
