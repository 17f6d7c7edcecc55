import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresServer } from './postgres-server.ts';

/** Rows that one statement about one unit may look at: its attempts, certificates and entries, and a little beside them. */
const ROWS_MOST = 60;

/** From now on, new connections to the database have the plans of all their statements in the log. */
export async function explainAll(server: PostgresServer, database: string): Promise<void> {
  for (const setting of [
    `session_preload_libraries = 'auto_explain'`,
    // So a table is read whole only where no index helps, however small it is.
    'enable_seqscan = off',
    'auto_explain.log_min_duration = 0',
    'auto_explain.log_analyze = on',
    'auto_explain.log_timing = off',
    'auto_explain.log_format = json',
  ])
    await server.sql('postgres', `ALTER DATABASE ${database} SET ${setting}`);
}

/** What auto_explain writes, as far as it is looked at. */
interface Plan {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Plan[];
}

/** Rows of one table that a part of a plan looked at, for the part that looked at most. */
function mostRead(plan: Plan): { readonly table: string; readonly rows: number } {
  const each = (plan['Actual Rows'] ?? 0) + (plan['Rows Removed by Filter'] ?? 0);
  const rows = (each + (plan['Rows Removed by Index Recheck'] ?? 0)) * (plan['Actual Loops'] ?? 1);
  const own = { table: plan['Relation Name'] ?? '', rows: plan['Relation Name'] === undefined ? 0 : rows };
  return (plan.Plans ?? []).map(mostRead).reduce((most, next) => (next.rows > most.rows ? next : most), own);
}

/**
 * How many plans are in the log of the server in `folder`, and each statement that looked at more rows than one unit has, once, as
 * `table: text`.
 */
export function readPlans(folder: string): { readonly plans: number; readonly wide: string[] } {
  const log = readFileSync(join(folder, 'log'), 'utf8');
  let plans = 0;
  const found = new Set<string>();
  for (const [, json = '{}'] of log.matchAll(/ plan:\n\t(\{\n[^]*?\n\t\})\n/g)) {
    plans += 1;
    const { 'Query Text': text, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: Plan };
    const { table, rows } = mostRead(plan);
    if (rows > ROWS_MOST) found.add(`${table}: ${text.replaceAll(/\s+/g, ' ').slice(0, 100)}`);
  }
  return { plans, wide: [...found] };
}
