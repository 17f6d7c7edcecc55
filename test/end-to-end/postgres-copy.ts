import { DatabaseSync } from 'node:sqlite';
import type { PostgresServer } from '../support/postgres-server.ts';

/** What judges of a line look at. */
const TABLES = {
  ledger: ['batch', 'released_serial', 'issuance', 'audit'],
  registry: ['batches', 'units', 'attempts', 'certificates', 'reworks', 'rework_units'],
} as const;

type Value = string | number | null | Buffer;

/** Copies what a ledger or registry on PostgreSQL holds into an SQLite file, table by table, so that it is judged as any other. */
export async function copyStore(
  store: keyof typeof TABLES,
  server: PostgresServer,
  database: string,
  path: string,
): Promise<void> {
  const copy = new DatabaseSync(path);
  for (const table of TABLES[store]) {
    const rows = await server.sql<Record<string, Value>>(database, `SELECT * FROM ${table}`);
    const columns = await server.sql<{ name: string }>(
      database,
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = '${table}' ORDER BY ordinal_position`,
    );
    const names = columns.map(({ name }) => name);
    copy.exec(`CREATE TABLE ${table} (${names.join(', ')})`);
    const insert = copy.prepare(`INSERT INTO ${table} VALUES (${names.map(() => '?').join(', ')})`);
    for (const row of rows) insert.run(...names.map((name) => row[name]!));
  }
  copy.close();
}
