import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

/** SHA-256 of all that SQLite's schema table says, after each of these migrations in turn. */
export function schemaDigests(migrations: readonly string[]): string[] {
  const database = new DatabaseSync(':memory:');
  const digests = migrations.map((migration) => {
    database.exec(migration);
    const rows = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid').all();
    return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
  });
  database.close();
  return digests;
}
