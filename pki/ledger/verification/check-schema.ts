import { SQLITE } from '../../../sql/dialect.ts';
import type { SqlRow } from '../../../sql/row.ts';
import { text } from '../../../sql/row.ts';
import { SqliteConnection } from '../../../sql/sqlite-connection.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { ledgerMigrations } from '../migrations.ts';

/** Another copy of the ledger has it too. */
const IF_YOURS = '(if it is yours, drop it and start again)';

/** Triggers, rules and hidden rows of a table. A view in place of a table has a rule. */
const POSTGRES_ADDED = `SELECT 'trigger' AS type, t.tgname::text AS name FROM pg_trigger t
    WHERE NOT t.tgisinternal AND t.tgrelid = to_regclass(?1)
  UNION ALL SELECT 'rule', r.rulename::text FROM pg_rewrite r WHERE r.ev_class = to_regclass(?1)
  UNION ALL SELECT 'policy', p.polname::text FROM pg_policy p WHERE p.polrelid = to_regclass(?1)`;

/**
 * The tables, and what belongs to them, are as the migrations make them. A trigger would change rows after they were compared, such
 * as the count of an order; an index that leaves a row out hides its certificate from every search that uses that index.
 */
export async function checkSchema(transaction: SqlTransaction): Promise<string[]> {
  const made = schemaOfMigrations();
  const tables = [...made.values()].filter(({ type }) => type === 'table').map(({ name }) => name);
  if (transaction.dialect.name !== 'SQLite') return await postgresAdditions(transaction, tables);
  const found = await sqliteDifferences(transaction, made);
  return found.length > 0 ? found : await indexFaults(transaction, tables);
}

async function postgresAdditions(transaction: SqlTransaction, tables: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables)
    for (const row of await transaction.all(POSTGRES_ADDED, table))
      found.push(
        `the ${text(row, 'type')} "${text(row, 'name')}" of the table ${table} is not Certline's ${IF_YOURS}`,
      );
  return found;
}

/** The server of PostgreSQL alone writes its indexes; SQLite believes what is in the file. */
async function indexFaults(transaction: SqlTransaction, tables: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables) {
    // The audit log, the longest table, has none.
    if ((await transaction.all(`PRAGMA index_list(${table})`)).length === 0) continue;
    const faults = await transaction.all(`PRAGMA integrity_check(${table})`);
    const [first] = faults.map((row) => text(row, 'integrity_check')).filter((fault) => fault !== 'ok');
    if (first !== undefined) found.push(`the table ${table} and its indexes do not agree (${first})`);
  }
  return found;
}

/**
 * What a person or another program may add, to read or to replicate the file: it changes no row, and `indexFaults` compares each index with
 * its rows. An index that is unique would refuse rows.
 */
const HARMLESS = /^CREATE (?:TABLE|VIEW|INDEX) /;

interface SchemaPart {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

async function sqliteDifferences(
  transaction: SqlTransaction,
  made: ReadonlyMap<string, SchemaPart>,
): Promise<string[]> {
  const there = partsIn(await transaction.all(SELECT_PARTS));
  const texts = new Set(there.map(keyOf));
  const lost = [...made.values()].filter((part) => !texts.has(keyOf(part)));
  const strange = there.filter((part) => !made.has(keyOf(part)) && !HARMLESS.test(part.sql));
  return [
    ...strange.map(({ type, name }) => `the ${type} "${name}" is not Certline's ${IF_YOURS}`),
    ...lost.map(({ type, name }) => `the ${type} "${name}" is missing, or not as Certline made it`),
  ];
}

const SELECT_PARTS = 'SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL';

function schemaOfMigrations(): ReadonlyMap<string, SchemaPart> {
  const empty = SqliteConnection.temporary(ledgerMigrations(SQLITE).join('\n'));
  try {
    return new Map(partsIn(empty.all(SELECT_PARTS)).map((part) => [keyOf(part), part]));
  } finally {
    empty.close();
  }
}

function partsIn(rows: readonly SqlRow[]): SchemaPart[] {
  return rows.map((row) => ({ type: text(row, 'type'), name: text(row, 'name'), sql: text(row, 'sql') }));
}

function keyOf({ type, name, sql }: SchemaPart): string {
  return JSON.stringify([type, name, sql]);
}
