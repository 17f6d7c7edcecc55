// npm run bench:registry — registrations per second through the outbox and each adapter, beside Node's own HTTP client on the
// same double, and the registry of record beside raw prepared inserts of the same durability. Rounds take turns; the figures are
// medians, and on a shared machine only the ratios mean something.
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { writeWhole } from '../disk/write-whole.ts';
import { noteVerifierOf } from '../pki/keys/signed-note.ts';
import type { DeviceRegistry } from '../registry/device-registry.ts';
import { FileRegistry } from '../registry/file/file-registry.ts';
import { SYSTEM_CLOCK } from '../registry/outbox/clock.ts';
import { drain } from '../registry/outbox/drain.ts';
import type { Registration } from '../registry/registry.ts';
import pg from 'pg';
import { openPostgresRegistry, openRegistryFile } from '../registry/record/open-registry.ts';
import type { SqlRegistry } from '../registry/record/sql-registry.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../test/support/postgres-server.ts';
import { WebhookRegistry } from '../registry/webhook/webhook-registry.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const UNITS = Number(process.env['BENCH_UNITS'] ?? 2_000);
/** The size of an event, so that the plain client sends as much. */
const EVENT_BYTES = 900;
const ROWS_OF_PART = 1_000;

/** Units that pass at once, as at the sockets of a line. */
const AT_ONCE = 16;

/** What a registration writes, and no question whether it may; `$` and numbers for PostgreSQL, `?` for SQLite. */
const ROWS = [
  `INSERT INTO attempts (unit_id, attempt, station, socket, board_id, started_at, finished_at, step)
   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'registerDevice')`,
  `INSERT INTO certificates (fingerprint, certificate_serial, spki_sha256, unit_id, attempt, board_id, der, state, not_before,
     not_after, registered_at, has_old_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, ?9, ?10, 0)`,
  `INSERT INTO evidence (unit_id, attempt, kind, body, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)`,
  `UPDATE units SET outcome = 'PASS', attention = 0, step = 'registerDevice', attempts = ?1 WHERE unit_id = ?2`,
] as const;

const folder = mkdtempSync(join(tmpdir(), 'certline-bench-'));
const double = spawn(process.execPath, [join(import.meta.dirname, 'registry', 'double.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [address] = (await once(createInterface({ input: double.stdout }), 'line')) as [string];
const figures = new Map<string, number[]>();
/** Its commits reach the disk. */
const postgres = POSTGRES_INSTALLED
  ? await PostgresServer.start(mkdtempSync(join(tmpdir(), 'certline-bench-postgres-')), { durable: true })
  : undefined;

try {
  for (let round = 0; round < ROUNDS; round += 1) {
    await note('webhook: plain client, 8 at once', () => plainPosts(address, 8));
    await note('webhook: outbox and adapter', () => drained((name) => webhook(name)));
    await note('file: four synced files for 1,000 rows', async () => plainFiles(round));
    await note('file: outbox and adapter', () => drained((name) => files(name)));
    await note('SQLite: raw prepared inserts, a commit each', async () => rawInserts(round));
    await note('SQLite: the same rows, prepared, a commit each', () => sameRows(round));
    const file = (name: string): SqlRegistry => openRegistryFile(join(folder, `${name}-${round}.db`));
    await note('SQLite: registerUnit', () => registered(file('one'), 1));
    await note(`SQLite: registerUnit, ${AT_ONCE} at once`, () => registered(file('many'), AT_ONCE));
    if (postgres === undefined) continue;
    const url = postgres.createDatabase(`round_${round}`);
    await note('PostgreSQL: raw inserts, a commit each', () => rawPostgresInserts(url, 1));
    await note(`PostgreSQL: raw inserts, ${AT_ONCE} at once`, () => rawPostgresInserts(url, AT_ONCE));
    for (const atOnce of [1, AT_ONCE]) {
      const name = `PostgreSQL: the same rows${atOnce === 1 ? '' : `, ${atOnce} at once`}`;
      await note(name, () => samePostgresRows(`same_${round}_${atOnce}`, atOnce));
    }
    for (const atOnce of [1, AT_ONCE]) {
      const place = { url: postgres.createDatabase(`registry_${round}_${atOnce}`) };
      const name = `PostgreSQL: registerUnit${atOnce === 1 ? '' : `, ${atOnce} at once`}`;
      await note(name, async () => registered(await openPostgresRegistry(place), atOnce));
    }
  }
} finally {
  double.kill();
  postgres?.kill();
  rmSync(folder, { recursive: true, force: true });
}
for (const [name, rates] of figures)
  process.stdout.write(`${name.padEnd(46)} ${median(rates).toFixed(0)}/s\n`);
for (const [ours, plain] of [
  ['webhook: outbox and adapter', 'webhook: plain client, 8 at once'],
  ['file: outbox and adapter', 'file: four synced files for 1,000 rows'],
  ['SQLite: registerUnit', 'SQLite: raw prepared inserts, a commit each'],
  ['SQLite: registerUnit', 'SQLite: the same rows, prepared, a commit each'],
  [`SQLite: registerUnit, ${AT_ONCE} at once`, 'SQLite: raw prepared inserts, a commit each'],
  ['PostgreSQL: registerUnit', 'PostgreSQL: raw inserts, a commit each'],
  ['PostgreSQL: registerUnit', 'PostgreSQL: the same rows'],
  [`PostgreSQL: registerUnit, ${AT_ONCE} at once`, `PostgreSQL: the same rows, ${AT_ONCE} at once`],
  [`PostgreSQL: registerUnit, ${AT_ONCE} at once`, `PostgreSQL: raw inserts, ${AT_ONCE} at once`],
] as const) {
  if (!figures.has(ours)) continue;
  const ratio = median(figures.get(ours)!) / median(figures.get(plain)!);
  process.stdout.write(`${ours} / ${plain}: ${(100 * ratio).toFixed(0)} %\n`);
}

/** Runs `work`, which returns the seconds that its units took. */
async function note(name: string, work: () => Promise<number>): Promise<void> {
  const seconds = await work();
  figures.set(name, [...(figures.get(name) ?? []), UNITS / seconds]);
}

async function plainPosts(url: string, atOnce: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const body = 'x'.repeat(EVENT_BYTES);
  let left = UNITS;
  const post = async (): Promise<void> => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-length': String(body.length) } });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
  };
  const worker = async (): Promise<void> => {
    while ((left -= 1) >= 0) await post();
  };
  const seconds = await timed(async () => void (await Promise.all(Array.from({ length: atOnce }, worker))));
  agent.destroy();
  return seconds;
}

function webhook(name: string): DeviceRegistry {
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `whsec_${Buffer.alloc(32, 7).toString('base64')}`, { mode: 0o600 });
  return new WebhookRegistry({ name, url: address, secretFile });
}

function files(name: string): DeviceRegistry {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = { verifier: noteVerifierOf('intake', privateKey), privateKey };
  const place = join(folder, `devices-${figures.size}-${Math.random()}`);
  return new FileRegistry({ name, folder: place, lastNote: `${place}.note`, key: () => key });
}

/** Seconds from the first call to the last settled entry of a lot that waits in the outbox. */
async function drained(open: (name: string) => DeviceRegistry): Promise<number> {
  const { registry, close } = await filledRegistry(['cloud']);
  const device = open('cloud');
  const stop = new AbortController();
  let settled = 0;
  const { outbox } = registry;
  const parts = {
    registry: device,
    devicesPerSecond: 10_000_000,
    clock: SYSTEM_CLOCK,
    namesIn: () => ({ commonName: 'CN', organization: 'O' }),
    onDefect: (error: unknown) => void process.stderr.write(`${String(error)}\n`),
    outbox: {
      due: (...asked: Parameters<typeof outbox.due>) => outbox.due(...asked),
      book: (...asked: Parameters<typeof outbox.book>) => outbox.book(...asked),
      standing: (name: string) => outbox.standing(name),
      keepAccount: (...asked: Parameters<typeof outbox.keepAccount>) => outbox.keepAccount(...asked),
      forgetAccount: (...asked: Parameters<typeof outbox.forgetAccount>) => outbox.forgetAccount(...asked),
      settle: async (...given: Parameters<typeof outbox.settle>) => {
        await outbox.settle(...given);
        if ((settled += given[1].length) >= UNITS) stop.abort();
      },
    },
  };
  const seconds = await timed(() => drain(parts, Date.now() + 600_000, stop.signal));
  await device.close();
  await close();
  return seconds;
}

/** The same number of files with as many bytes, as durable: each is synced, and its folder after it. */
async function plainFiles(round: number): Promise<number> {
  const row = `${'x'.repeat(EVENT_BYTES)}\n`;
  return await timed(async () => {
    for (let part = 0; part * ROWS_OF_PART < UNITS; part += 1)
      for (const kind of ['ndjson', 'csv', 'copy', 'note']) {
        const text = kind === 'note' || kind === 'copy' ? row : row.repeat(Math.min(ROWS_OF_PART, UNITS));
        await writeWhole(join(folder, `plain-${round}-${part}.${kind}`), 0o644, text);
      }
  });
}

/** What a registration at least stores: the unit's outcome and its certificate. */
async function rawInserts(round: number): Promise<number> {
  const db = new DatabaseSync(join(folder, `raw-${round}.db`));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE units (serial TEXT PRIMARY KEY, fingerprint TEXT UNIQUE, der BLOB, evidence TEXT) STRICT`);
  const insert = db.prepare('INSERT INTO units VALUES (?, ?, ?, ?)');
  const rows = registrations();
  const seconds = await timed(async () => {
    for (const { serial, certificateSha256, certificate, evidence } of rows)
      insert.run(serial, certificateSha256, certificate, JSON.stringify(evidence));
  });
  db.close();
  return seconds;
}

function valuesOf(row: Registration, unitId: number): (string | number | Uint8Array)[][] {
  const { attempt, stationId, socket, boardId, certificate, certificateSha256, certificateSerial } = row;
  const { spkiSha256, startedAt, verifiedAt, notBefore, notAfter, evidence } = row;
  const now = new Date().toISOString();
  return [
    [unitId, attempt, stationId, socket, boardId, startedAt, verifiedAt],
    [
      certificateSha256,
      certificateSerial,
      spkiSha256,
      unitId,
      attempt,
      boardId,
      certificate,
      notBefore,
      notAfter,
      now,
    ],
    [unitId, attempt, 'readback', JSON.stringify(evidence['readback']), now],
    [attempt, unitId],
  ];
}

async function sameRows(round: number): Promise<number> {
  const path = join(folder, `same-${round}.db`);
  const registry = openRegistryFile(path);
  await importLot(registry);
  await registry.close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const statements = ROWS.map((sql) => db.prepare(sql));
  const rows = registrations();
  const seconds = await timed(async () => {
    for (const [at, row] of rows.entries()) {
      db.exec('BEGIN IMMEDIATE');
      for (const [which, values] of valuesOf(row, at + 1).entries()) statements[which]!.run(...values);
      db.exec('COMMIT');
    }
  });
  db.close();
  return seconds;
}

async function samePostgresRows(database: string, atOnce: number): Promise<number> {
  const url = postgres!.createDatabase(database);
  const registry = await openPostgresRegistry({ url });
  await importLot(registry);
  await registry.close();
  const pool = new pg.Pool({ connectionString: url, max: atOnce });
  const { rows } = await pool.query<{ unit_id: number }>('SELECT unit_id FROM units ORDER BY row_number');
  const statements = ROWS.map((sql, at) => ({ name: `row${at}`, text: sql.replaceAll('?', '$') }));
  const seconds = await forEach(registrations(), atOnce, async (row) => {
    const client = await pool.connect();
    await client.query('BEGIN');
    const all = valuesOf(row, rows[Number(row.serial.slice(3)) - 1]!.unit_id);
    for (const [which, values] of all.entries()) await client.query({ ...statements[which]!, values });
    await client.query('COMMIT');
    client.release();
  });
  await pool.end();
  return seconds;
}

async function rawPostgresInserts(url: string, atOnce: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: atOnce });
  await pool.query(`DROP TABLE IF EXISTS raw_units`);
  await pool.query(
    'CREATE TABLE raw_units (serial TEXT PRIMARY KEY, fingerprint TEXT UNIQUE, der BYTEA, evidence TEXT)',
  );
  const text = 'INSERT INTO raw_units VALUES ($1, $2, $3, $4)';
  const seconds = await forEach(registrations(), atOnce, async (row) => {
    const { serial, certificateSha256, certificate, evidence } = row;
    const values = [serial, certificateSha256, certificate, JSON.stringify(evidence)];
    await pool.query({ name: 'insert', text, values });
  });
  await pool.end();
  return seconds;
}

/** Seconds that it takes, with so many at once. */
async function forEach(
  rows: readonly Registration[],
  atOnce: number,
  work: (row: Registration) => Promise<void>,
): Promise<number> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < rows.length) await work(rows[next++]!);
  };
  return await timed(async () => void (await Promise.all(Array.from({ length: atOnce }, worker))));
}

async function registered(registry: SqlRegistry, atOnce: number): Promise<number> {
  await importLot(registry);
  const seconds = await forEach(registrations(), atOnce, (row) => registry.registerUnit(row));
  await registry.close();
  return seconds;
}

async function filledRegistry(
  registries: readonly string[],
): Promise<{ registry: SqlRegistry; close: () => Promise<void> }> {
  const path = join(folder, `filled-${Math.random()}.db`);
  const registry = openRegistryFile(path);
  await importLot(registry);
  for (const row of registrations()) await registry.registerUnit({ ...row, registries });
  return { registry, close: () => registry.close() };
}

async function importLot(registry: SqlRegistry): Promise<void> {
  async function* rows(): AsyncGenerator<{ serial: string; product: string; attrs: Record<string, string> }> {
    for (let at = 0; at < UNITS; at += 1) yield { serial: serialOf(at), product: 'node', attrs: {} };
  }
  const named = { batchId: 'PO-1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: sha256('lot') };
  await registry.importBatch({ ...named, quantity: UNITS }, rows());
}

function registrations(): Registration[] {
  return Array.from({ length: UNITS }, (_none, at) => {
    const serial = serialOf(at);
    const certificate = Buffer.alloc(440, `certificate of ${serial}`);
    return {
      batchId: 'PO-1',
      serial,
      attempt: 1,
      boardId: sha256(serial).slice(0, 16),
      stationId: 'st-1',
      socket: '1',
      certificate,
      certificateSerial: sha256(certificate).slice(0, 32),
      certificateSha256: sha256(certificate),
      spkiSha256: sha256(`key of ${serial}`),
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '9999-12-31T23:59:59.000Z',
      startedAt: '2026-01-01T00:00:00.000Z',
      verifiedAt: '2026-01-01T00:00:05.000Z',
      evidence: { readback: { bytes: 440 } },
    };
  });
}

function serialOf(at: number): string {
  return `CL-${String(at + 1).padStart(6, '0')}`;
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1_000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}
