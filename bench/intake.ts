// npm run bench:intake — the intake of a manifest of 1,000,000 units, beside csv-parse alone on the same file, in turns, in
// processes of their own; then the same with a registry that has BENCH_HISTORY earlier serials: all before those of the lot, as
// are their orders, and then before and after them, in the middle of each index. The figures of the intake are what it adds to
// the process: the thread's start, the private copy, the checks, the registry, the answer.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DatabaseSync } from 'node:sqlite';
import { registryPath } from '../line/state-folder.ts';
import { openRegistryFile } from '../registry/record/open-registry.ts';
import type { DeskFigures } from './intake/desk.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const HISTORY = Number(process.env['BENCH_HISTORY'] ?? 10_000_000);

const folder = mkdtempSync(join(tmpdir(), 'certline-bench-'));
const alone = join(folder, 'alone.mjs');

function* rows(prefix: string): Generator<string> {
  yield 'order,serial,product\n';
  for (let at = 0; at < ROWS; at += 1) yield `PO-1,${prefix}-${String(at).padStart(9, '0')},golioth-node\n`;
}

/** CPU seconds of csv-parse alone on the file. */
function parseAlone(file: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [alone, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

/** One intake after the other by one process; returns CPU seconds to those of csv-parse alone. */
async function rounds(what: string, state: string, prefix: string): Promise<number> {
  const desk = spawn(process.execPath, [join(import.meta.dirname, 'intake', 'desk.ts'), state], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: desk.stdout })[Symbol.asyncIterator]();
  const results: (DeskFigures & { readonly ratio: number })[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const file = join(state, 'lot.csv');
    await pipeline(Readable.from(rows(`${prefix}${round}`)), createWriteStream(file));
    const floor = parseAlone(file);
    desk.stdin.write(`${file}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error('the intake has ended');
    const figures = JSON.parse(value) as DeskFigures;
    results.push({ ...figures, ratio: figures.cpu / floor });
  }
  desk.stdin.end();
  const of = (key: keyof (typeof results)[number]): number => median(results.map((result) => result[key]));
  console.log(
    `${what}: ${of('cpu').toFixed(2)} s CPU, ${of('ratio').toFixed(2)} × csv-parse alone, ${of('seconds').toFixed(1)} s; ` +
      `memory +${of('peakMb').toFixed(0)} MB at most, +${of('keptMb').toFixed(0)} MB afterwards`,
  );
  return of('ratio');
}

/** Batches of 1,000,000 units, with the SQL of the import; their orders and serials have these prefixes in turn. */
async function fillHistory(state: string, prefixes: readonly string[]): Promise<void> {
  await openRegistryFile(registryPath(state)).close();
  const db = new DatabaseSync(registryPath(state), { enableForeignKeyConstraints: false });
  db.exec('PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000');
  const lot = 1_000_000;
  for (let batch = 0; batch * lot < HISTORY; batch += 1) {
    const prefix = prefixes[batch % prefixes.length]!;
    const id = `${prefix}-${batch}`;
    db.exec(
      `INSERT INTO batches (batch_id, order_number, manifest, sha256, row_count, imported_at)
         VALUES ('${id}', '${id}', '${id}.csv', '${id}', ${lot}, '2026-01-01T00:00:00.000Z');
       WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter LIMIT ${Math.min(lot, HISTORY - batch * lot)})
       INSERT INTO units (batch_id, row_number, serial, serial_folded, product, attrs)
         SELECT '${id}', n, printf('${prefix}${batch}-%09d', n), lower(printf('${prefix}${batch}-%09d', n)), 'golioth-node', '{}'
         FROM counter;`,
    );
  }
  db.close();
}

async function measure(what: string, prefixes: readonly string[]): Promise<number> {
  const state = mkdtempSync(join(folder, 'state-'));
  if (prefixes.length > 0) await fillHistory(state, prefixes);
  const ratio = await rounds(what, state, 'CL');
  rmSync(state, { recursive: true });
  return ratio;
}

try {
  writeFileSync(
    alone,
    `import { createReadStream } from 'node:fs';
     import { parse } from ${JSON.stringify(import.meta.resolve('csv-parse'))};
     const parser = createReadStream(process.argv[2]).pipe(parse());
     parser.on('data', () => {});
     parser.on('end', () => {
       const { userCPUTime, systemCPUTime } = process.resourceUsage();
       console.log((userCPUTime + systemCPUTime) / 1e6);
     });`,
  );
  console.log(`node ${process.version}, ${ROWS} rows, ${ROUNDS} rounds, medians`);
  const without = await measure('an empty registry', []);
  const histories = HISTORY > 0 ? [['A'], ['A', 'Z']] : [];
  for (const prefixes of histories) {
    const where = prefixes.length === 1 ? 'all before' : 'before and after';
    const withHistory = await measure(`${HISTORY} earlier serials, ${where}`, prefixes);
    console.log(`history adds ${(100 * (withHistory / without - 1)).toFixed(0)} % (aim: below 10)`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
