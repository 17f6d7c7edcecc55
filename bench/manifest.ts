// npm run bench:manifest — a manifest of 1,000,000 units: `certline validate` beside csv-parse alone, in turns, in processes
// of their own. CPU time and peak memory are those of the whole process, its start included.
import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);

/** Prints CPU seconds and peak memory in MB as the last line of standard error. */
const MEASURE = `process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.stderr.write('\\n' + JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, mb: maxRSS / 1024 }));
});`;

interface Figures {
  readonly cpu: number;
  readonly mb: number;
}

const folder = mkdtempSync(join(tmpdir(), 'certline-bench-'));
const [manifest, config, measure, alone] = ['lot.csv', 'certline.json', 'measure.mjs', 'alone.mjs'].map(
  (name) => join(folder, name),
) as [string, string, string, string];

function* rows(): Generator<string> {
  yield 'order,serial,product\n';
  for (let at = 0; at < ROWS; at += 1) yield `PO-1,CL-${String(at).padStart(9, '0')},golioth-node\n`;
}

function run(...args: string[]): Figures {
  const { status, stderr } = spawnSync(process.execPath, ['--import', measure, ...args], {
    encoding: 'utf8',
    env: { ...process.env, CERTLINE_STATE: folder, CERTLINE_CONFIG: config },
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stderr.trim().split('\n').at(-1)!) as Figures;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

try {
  await pipeline(Readable.from(rows()), createWriteStream(manifest));
  const products = [{ name: 'golioth-node', organization: 'bench' }];
  writeFileSync(config, JSON.stringify({ inbox: join(folder, 'inbox'), products }));
  writeFileSync(measure, MEASURE);
  writeFileSync(
    alone,
    `import { createReadStream } from 'node:fs';
     import { parse } from ${JSON.stringify(import.meta.resolve('csv-parse'))};
     const parser = createReadStream(${JSON.stringify(manifest)}).pipe(parse());
     let rows = 0;
     parser.on('data', () => (rows += 1));
     parser.on('end', () => { if (rows !== ${ROWS + 1}) throw new Error(String(rows)); });`,
  );
  const results: { readonly ours: Figures; readonly theirs: Figures }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const theirs = run(alone);
    const ours = run(join(import.meta.dirname, '..', 'cli', 'certline.ts'), 'validate', manifest);
    results.push({ ours, theirs });
  }
  const cpu = median(results.map(({ ours, theirs }) => ours.cpu / theirs.cpu));
  console.log(`node ${process.version}, ${ROWS} rows, ${ROUNDS} rounds, medians`);
  console.log(
    `csv-parse alone    ${median(results.map(({ theirs }) => theirs.cpu)).toFixed(2)} s CPU, ${median(results.map(({ theirs }) => theirs.mb)).toFixed(0)} MB`,
  );
  console.log(
    `certline validate  ${median(results.map(({ ours }) => ours.cpu)).toFixed(2)} s CPU, ${median(results.map(({ ours }) => ours.mb)).toFixed(0)} MB`,
  );
  console.log(`ratio              ${cpu.toFixed(2)} (aim: at most 1.5; below 200 MB)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
