import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { sqliteTrouble } from '../../sql/sqlite-trouble.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const MIGRATIONS = ['CREATE TABLE thing (name TEXT PRIMARY KEY, size INTEGER, body BLOB) STRICT'];

function opened(name: string, migrations = MIGRATIONS): SqliteConnection {
  const connection = SqliteConnection.open(join(folder, name), migrations);
  onTestFinished(() => connection.close());
  return connection;
}

describe('a connection to SQLite', () => {
  it('makes a private file that survives a power cut', () => {
    const connection = opened('private.db');
    expect(statSync(connection.path).mode & 0o777).toBe(0o600);
    expect(connection.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(connection.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(connection.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
  });

  it('stores what is not known as NULL', () => {
    const connection = opened('null.db');
    expect(connection.run('INSERT INTO thing VALUES (?, ?, ?)', 'a', undefined, null)).toBe(1);
    expect(connection.all('SELECT * FROM thing')).toEqual([{ name: 'a', size: null, body: null }]);
  });

  it('commits all of a transaction or nothing', () => {
    const connection = opened('transaction.db');
    expect(() =>
      connection.transaction(() => {
        connection.run('INSERT INTO thing (name) VALUES (?)', 'a');
        connection.run('INSERT INTO thing (name) VALUES (?)', 'a');
      }),
    ).toThrow(/UNIQUE/);
    expect(connection.isInTransaction).toBe(false);
    expect(connection.all('SELECT * FROM thing')).toEqual([]);
  });

  it('runs each migration once, and none of a later version', () => {
    opened('versions.db');
    const second = [...MIGRATIONS, 'CREATE TABLE other (id INTEGER) STRICT'];
    expect(opened('versions.db', second).get('PRAGMA user_version')).toEqual({ user_version: 2 });
    expect(opened('versions.db', second).all('SELECT * FROM other')).toEqual([]);
    const newer = expect.objectContaining({ name: 'SchemaVersionError', standing: 'newer' });
    expect(() => opened('versions.db')).toThrow(newer);
  });

  it('writes no more once a later version has migrated the file', async () => {
    const old = opened('migrated.db');
    const write = (): number => old.run('INSERT INTO thing (name) VALUES (?)', 'a');
    old.transaction(write);
    opened('migrated.db', [...MIGRATIONS, 'CREATE TABLE other (id INTEGER) STRICT']);
    const newer = expect.objectContaining({ name: 'SchemaVersionError', standing: 'newer' });
    expect(() => old.transaction(write)).toThrow(newer);
    await expect(old.transactionOf(async () => write())).rejects.toThrow(newer);
    expect(old.isInTransaction).toBe(false);
    expect(old.all('SELECT name FROM thing')).toEqual([{ name: 'a' }]);
  });

  it('undoes a migration that fails', () => {
    const bad = ['CREATE TABLE good (id INTEGER) STRICT; CREATE TABLE bad (id NONSENSE) STRICT'];
    expect(() => opened('bad.db', bad)).toThrow(/NONSENSE/);
    expect(opened('bad.db').all(`SELECT name FROM sqlite_schema WHERE type = 'table'`)).toEqual([
      { name: 'thing' },
    ]);
  });

  it('for reading changes nothing, not even the schema', () => {
    const path = opened('read.db').path;
    const reader = SqliteConnection.openForReading(path, MIGRATIONS);
    onTestFinished(() => reader.close());
    const before = readFileSync(path);
    expect(() => reader.run('INSERT INTO thing (name) VALUES (?)', 'a')).toThrow(/readonly/);
    const older = expect.objectContaining({ standing: 'older' });
    expect(() => SqliteConnection.openForReading(path, [...MIGRATIONS, ''])).toThrow(older);
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('trouble with SQLite', () => {
  it('is named by its result code', () => {
    const connection = opened('trouble.db');
    const trouble = (sql: string): unknown => {
      try {
        connection.exec(sql);
      } catch (error) {
        return sqliteTrouble(error);
      }
      return 'none';
    };
    expect(trouble("INSERT INTO thing (name) VALUES ('a'), ('a')")).toBe('constraint');
    expect(trouble('SELECT nothing')).toBe('other');
    expect(trouble('PRAGMA query_only = 1; DELETE FROM thing')).toBe('read-only');
    expect(sqliteTrouble(new Error('of something else'))).toBeUndefined();
  });
});

const ASK = `
  const { isDatabaseOpen } = await import(process.argv[1]);
  console.log(isDatabaseOpen(process.argv[2]));`;

/** What another process sees: locks of this one do not count here. */
function isOpenForOthers(path: string): boolean {
  const lock = new URL('../../disk/exclusive-lock.ts', import.meta.url).href;
  const answer = execFileSync(process.execPath, ['--input-type=module', '--eval', ASK, lock, path]);
  return answer.toString().trim() === 'true';
}

it('keeps its locks when the file is opened and closed once more in this process', () => {
  const connection = opened('locked.db');
  expect(isOpenForOthers(connection.path)).toBe(true);
  SqliteConnection.open(connection.path, MIGRATIONS).close();
  SqliteConnection.openForReading(connection.path, MIGRATIONS).close();
  expect(isOpenForOthers(connection.path)).toBe(true);
});
