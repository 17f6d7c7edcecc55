import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Ledger } from '../../../pki/ledger/ledger.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { ledgerMigrations } from '../../../pki/ledger/migrations.ts';
import { LEDGER } from '../../../pki/ledger/ledger-database.ts';
import { SqliteReader } from '../../../sql/sqlite-reader.ts';
import { makeCa } from '../leaf.ts';
import { code, makeLine, release, requestFor } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SQLITE_MIGRATIONS = ledgerMigrations(SQLITE);

const folder = temporaryFolder();
const ca = await makeCa(folder);

function reader(path: string): Ledger {
  const ledger = new Ledger(SqliteReader.open(LEDGER, path));
  onTestFinished(() => ledger.close());
  return ledger;
}

/** A file that has this many migrations behind it. */
function ledgerOf(name: string, version: number): string {
  const path = join(folder, name);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  for (const script of SQLITE_MIGRATIONS.slice(0, version)) database.exec(script);
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
  return path;
}

describe('a ledger that is only read', () => {
  it('shows what a signer beside it commits, and takes nothing', async () => {
    const { ledger, issuer, path } = makeLine(folder, ca);
    await release({ ledger }, ['A-1']);
    const read = reader(path);
    expect(await read.issuances.liveIssuance('A-1')).toBeUndefined();
    const issued = await issuer.issue(requestFor('A-1'));
    expect((await read.issuances.liveIssuance('A-1'))?.certificateSerial).toBe(issued.certificateSerial);
    await expect(read.issuances.revoke('b1/A-1/1', 'superseded', 'a person')).rejects.toThrow(
      code('SIGNER_FAULT'),
    );
    await ledger.close();
  });

  it.each([0, 1, SQLITE_MIGRATIONS.length - 1])(
    'of version %i stays so, and who can mend it is named',
    (version) => {
      const path = ledgerOf(`older-${version}.db`, version);
      const before = readFileSync(path);
      expect(() => SqliteReader.open(LEDGER, path)).toThrow(
        expect.objectContaining({
          code: 'LEDGER_OLDER',
          message: expect.stringContaining('start the signer'),
        }),
      );
      expect(readFileSync(path)).toEqual(before);
    },
  );

  it('tells whether a signer could write it', async (context) => {
    const path = ledgerOf('fixed.db', SQLITE_MIGRATIONS.length);
    const database = SqliteReader.open(LEDGER, path);
    onTestFinished(() => database.close());
    await database.assertWritable();
    context.skip(process.getuid?.() === 0, 'root may write every file');
    chmodSync(path, 0o400);
    await expect(database.assertWritable()).rejects.toThrow(code('LEDGER_UNAVAILABLE', 'read-only'));
  });

  it('of a later version, missing or no ledger is said to be so', () => {
    const later = ledgerOf('later.db', 0);
    const database = new DatabaseSync(later);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => SqliteReader.open(LEDGER, later)).toThrow(code('LEDGER_NEWER'));
    const missing = join(folder, 'missing.db');
    expect(() => SqliteReader.open(LEDGER, missing)).toThrow(code('LEDGER_UNAVAILABLE', 'cannot-open'));
    expect(existsSync(missing)).toBe(false);
    const noise = join(folder, 'noise.db');
    writeFileSync(noise, 'no ledger at all '.repeat(400));
    expect(() => SqliteReader.open(LEDGER, noise)).toThrow(code('LEDGER_CORRUPT'));
  });

  it('is whole after the signer was killed: what it had committed is still in the WAL', async () => {
    const path = ledgerOf('killed.db', SQLITE_MIGRATIONS.length);
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      const database = new DatabaseSync(process.argv[1]);
      database.exec("PRAGMA wal_autocheckpoint = 0; INSERT INTO audit VALUES (1, '{}', 'hash')");
      process.stdout.write('committed');
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await ended;
    const copy = join(folder, 'copy.db');
    for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    expect(await reader(copy).auditLog.auditHead()).toMatchObject({ size: 1, hash: 'hash' });
    expect(await reader(path).auditLog.auditHead()).toMatchObject({ size: 1, hash: 'hash' });
  });
});
