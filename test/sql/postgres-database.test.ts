import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POSTGRESQL } from '../../sql/dialect.ts';
import { PostgresDatabase } from '../../sql/postgres-database.ts';
import type { Store } from '../../sql/sql-database.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';

const STORE: Store = {
  name: 'things',
  migrations: () => ['CREATE TABLE things (name TEXT)'],
  mainTable: 'things',
  translate: (_where, error) => error,
  writeLock: 7,
  nul: 'refused',
  silenceMs: 5_000,
};

const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;

describe.skipIf(!POSTGRES_INSTALLED)(
  'a database on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
    });
    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('goes on when a later version has changed a table whose statements it had prepared', async () => {
      const database = await PostgresDatabase.open(STORE, { url: server.createDatabase('prepared') });
      const all = 'SELECT * FROM things';
      const write = () => database.write(async (db) => await db.all(all));
      const read = () => database.read(async (db) => await db.all(all));
      await database.write((db) => db.run('INSERT INTO things VALUES (?)', 'one'));
      for (const ask of [write, read]) {
        for (let time = 0; time < 3; time += 1) await ask();
        await server.sql('prepared', `ALTER TABLE things ADD COLUMN ${ask.name} TEXT`);
        await expect(ask()).rejects.toThrow('cached plan must not change result type');
        expect(await ask()).toMatchObject([{ name: 'one', [ask.name]: null }]);
      }
      await database.close();
    });

    it('writes no more once a later version has migrated the tables', async () => {
      const url = server.createDatabase('migrated');
      const old = await PostgresDatabase.open(STORE, { url });
      const write = () => old.write((db) => db.run('INSERT INTO things VALUES (?)', 'one'));
      await write();
      const migrations = () => [...STORE.migrations(POSTGRESQL), 'CREATE TABLE others (name TEXT)'];
      const later = await PostgresDatabase.open({ ...STORE, migrations }, { url });
      await expect(write()).rejects.toMatchObject({ name: 'SchemaVersionError', standing: 'newer' });
      await expect(write()).rejects.toThrow('schema 2, this program knows 1');
      await later.write((db) => db.run('INSERT INTO things VALUES (?)', 'two'));
      const all = await later.read((db) => db.all('SELECT name FROM things'));
      expect(all).toEqual([{ name: 'one' }, { name: 'two' }]);
      for (const database of [old, later]) await database.close();
    });

    it('runs more kinds of statements than it prepares', async () => {
      const database = await PostgresDatabase.open(STORE, { url: server.createDatabase('many') });
      const found = await database.read(async (db) => {
        const rows = [];
        for (let kind = 0; kind < 600; kind += 1)
          rows.push(await db.get(`SELECT ${kind} AS n, ?::int AS m`, 1));
        return rows;
      });
      expect(found.map((row) => row?.['n'])).toEqual(Array.from({ length: 600 }, (_none, kind) => kind));
      await database.close();
    });
  },
);
