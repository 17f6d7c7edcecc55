import { DatabaseSync } from 'node:sqlite';

/** Runs a statement behind the back of whatever forbids it. Throws when it changes nothing: that is a mistake of the test. */
export function changeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec('PRAGMA ignore_check_constraints = ON');
  const { changes } = database.prepare(sql).run();
  database.close();
  if (changes === 0) throw new Error(`nothing changed by ${sql}`);
}
