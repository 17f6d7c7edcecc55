import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { Finding } from '../../../cli/doctor/finding.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { ledgerMigrations } from '../../../pki/ledger/migrations.ts';
import { registryMigrations } from '../../../registry/record/migrations.ts';
import { ledgerPath, registryPath } from '../../../line/state-folder.ts';
import { json, newPlace } from '../../support/certline.ts';

const SQLITE_MIGRATIONS = ledgerMigrations(SQLITE);

/** A database as the version of Certline before the last change of its schema left it. */
function earlier(path: string, migrations: readonly string[]): Buffer {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  const before = migrations.slice(0, -1);
  database.exec(`PRAGMA journal_mode = WAL; ${before.join(';')}; PRAGMA user_version = ${before.length}`);
  database.close();
  return readFileSync(path);
}

it('commands that read leave the records of an earlier Certline as they are, and say what to do', async () => {
  const place = newPlace();
  const [ledger, registry] = [ledgerPath(place.state), registryPath(place.state)];
  const before = [earlier(ledger, SQLITE_MIGRATIONS), earlier(registry, registryMigrations(SQLITE))];
  for (const command of [
    ['cert', 'show', 'CL-1'],
    ['station', 'list'],
    ['audit', 'verify'],
    ['audit', 'reconcile'],
  ]) {
    const { status, stdout, stderr } = await place.certline(...command);
    expect({ command, status, stdout }).toEqual({ command, status: 50, stdout: '' });
    expect(stderr).toMatch(/^certline: The ledger .* earlier version .*: start the signer once.*\n$/);
  }
  for (const command of [
    ['batch', 'list'],
    ['unit', 'show', 'CL-1'],
  ]) {
    const { status, stderr } = await place.certline(...command);
    expect(status).toBe(50);
    expect(stderr).toMatch(
      /^certline: The registry .* earlier version of Certline: start the factory line.*\n$/,
    );
  }
  const { findings } = json(await place.certline('doctor', '--json')) as { findings: Finding[] };
  for (const check of ['ledger', 'registry'])
    expect(findings.find((finding) => finding.check === check)).toMatchObject({ verdict: 'fail' });
  expect([readFileSync(ledger), readFileSync(registry)]).toEqual(before);
});
