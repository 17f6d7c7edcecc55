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
