import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../sql/sql-database.ts';
import { SqliteDatabase } from '../../sql/sqlite-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MIGRATIONS = ['CREATE TABLE things (name TEXT) STRICT', 'CREATE TABLE others (name TEXT) STRICT'];

/** As the version has it that knows so many of the migrations. */
const storeOf = (version: number): Store => ({
  name: 'things',
  migrations: () => MIGRATIONS.slice(0, version),
  mainTable: 'things',
  translate: (_where, error) => error,
  writeLock: 7,
  nul: 'refused',
  silenceMs: 5_000,
});

function opened(version: number, path: string): SqliteDatabase {
  const database = SqliteDatabase.open(storeOf(version), path);
  onTestFinished(() => database.close());
  return database;
}

it('a process of the version before writes no more once the file is migrated, and leaves it as it is', async () => {
  const path = join(temporaryFolder(), 'things.db');
  const old = opened(1, path);
  const write = (database: SqliteDatabase, name: string) =>
    database.write((db) => db.run('INSERT INTO things VALUES (?)', name));
  await write(old, 'before');
  const later = opened(2, path);
  const writes = ['one', 'two'].map((name) => write(old, name));
  for (const each of writes)
    await expect(each).rejects.toMatchObject({ name: 'SchemaVersionError', standing: 'newer' });
  await write(later, 'after');
  const all = await later.read((db) => db.all('SELECT name FROM things'));
  expect(all).toEqual([{ name: 'before' }, { name: 'after' }]);
});

it('is not writable while the disk has no room or did not take the last commit, also if nobody writes', async ({
  skip,
}) => {
  const disk = temporaryFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  if (mounted.status !== 0) skip('mount -t tmpfs needs root');
  onTestFinished(() => void spawnSync('umount', ['-l', disk]));
  const database = opened(1, join(disk, 'things.db'));
  const write = () => database.write((db) => db.run('INSERT INTO things VALUES (?)', 'x'.repeat(20_000)));
  await write();
  const ballast = join(disk, 'ballast');
  await expect(database.assertWritable()).resolves.toBeUndefined();
  expect(() => writeFileSync(ballast, Buffer.alloc(2 ** 21))).toThrow('ENOSPC');
  // Before any commit is refused.
  await expect(database.assertWritable()).rejects.toThrow('full');
  await expect(write()).rejects.toThrow('full');
  await expect(database.assertWritable()).rejects.toThrow('full');
  rmSync(ballast);
  await expect(database.assertWritable()).resolves.toBeUndefined();
  await write();
  expect(await database.read((db) => db.all('PRAGMA user_version'))).toEqual([{ user_version: 1 }]);
});

it('is not writable when its file was removed, or another one has its name', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'things.db');
  const database = opened(1, path);
  renameSync(path, join(folder, 'elsewhere'));
  await expect(database.assertWritable()).rejects.toMatchObject({ trouble: 'lost' });
  writeFileSync(path, '');
  await expect(database.assertWritable()).rejects.toMatchObject({ trouble: 'lost' });
});
