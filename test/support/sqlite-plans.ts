import { DatabaseSync } from 'node:sqlite';
import { onTestFinished, vi } from 'vitest';

/** Texts of all statements that are prepared while `work` runs; those that a connection prepared before are not among them. */
export async function preparedWhile(work: () => Promise<void>): Promise<string[]> {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  try {
    await work();
    return [...new Set(prepare.mock.calls.map(([text]) => text))];
  } finally {
    prepare.mockRestore();
  }
}

/**
 * The steps of these statements that read a whole table of the database at `path`, or all units of a batch: the words of EXPLAIN
 * QUERY PLAN, and the statement.
 */
export function wideSteps(path: string, texts: readonly string[]): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  onTestFinished(() => db.close());
  return texts
    .filter((text) => /^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)/.test(text) && !NEWEST.test(text))
    .flatMap((text) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .all()
        .map(({ detail }) => String(detail))
        .filter((detail) => WIDE.test(detail))
        .map((detail) => `${detail}: ${text.replaceAll(/\s+/g, ' ').slice(0, 150)}`),
    );
}

/** Not the constants of a statement, and not the one row of a batch. */
const WIDE = /^SCAN (?!CONSTANT|\d+-ROW)|^SEARCH (?!batch|b ).*\(batch_id=\?\)$/;
/** Reads one row, although it is called a scan. */
const NEWEST = /ORDER BY seq DESC LIMIT 1$/;
