import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registryMigrations } from '../../../registry/record/migrations.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { REGISTRY } from '../../../registry/record/registry-store.ts';
import { sqliteError } from '../../../sql/sqlite-error.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import {
  imported,
  newBatch,
  openedRegistry,
  registration,
  registryPath,
  rowsOf,
  serialsFrom,
} from './opened.ts';

const IMPORT_CHILD = fileURLToPath(new URL('./import-child.ts', import.meta.url));

describe('the registry file', () => {
  it('is private, and keeps what was written', async () => {
    const path = registryPath();
    const registry = openedRegistry(path);
    await imported(registry, '1', serialsFrom(1, 3));
    await registry.registerUnit(registration('CL-000002'));
    const before = await registry.unit('CL-000002');
    await registry.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await openedRegistry(path).unit('CL-000002')).toEqual(before);
  });

  it('is durable and guarded as the design asks', () => {
    const path = registryPath();
    openedRegistry(path);
    const reader = new DatabaseSync(path);
    onTestFinished(() => reader.close());
    expect(reader.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    const unit = `INSERT INTO units (batch_id, row_number, serial, serial_folded, product, attrs) VALUES ('x', 1, 's', 's', 'p', '{}')`;
    expect(() => reader.exec(unit)).toThrow(/FOREIGN KEY/);
  });

  it('keeps the newest hundred thousand boards that were rejected', async () => {
    const path = registryPath();
    const registry = openedRegistry(path);
    const board = { stationId: 'st-1', socket: '1', code: 'SMP_TIMEOUT' } as const;
    const seenAt = '2026-01-01T00:00:00.000Z';
    for (const boardId of ['aa', 'bb', 'cc'])
      await registry.recordRejectedBoard({ ...board, boardId, seenAt });
    const writer = new DatabaseSync(path);
    onTestFinished(() => writer.close());
    writer.exec(`UPDATE rejected_boards SET rejection_id = 100002 WHERE board_id = 'cc'`);
    await registry.recordRejectedBoard({ ...board, boardId: 'dd', seenAt });
    expect((await registry.rejectedBoards(9)).map(({ boardId }) => boardId)).toEqual(['dd', 'cc', 'bb']);
  });

  it('may be shared by two connections', async () => {
    const path = registryPath();
    const [one, other] = [openedRegistry(path), openedRegistry(path)];
    await imported(one, '1', serialsFrom(1, 3));
    await other.registerUnit(registration('CL-000001'));
    expect(await one.unit('CL-000001')).toMatchObject({ outcome: 'PASS' });
    expect((await imported(other, '2', serialsFrom(3, 3))).status).toBe('taken');
  });
});

describe('a registry that cannot be used says why', () => {
  it('when another program holds the lock', async () => {
    const path = registryPath();
    const registry = openedRegistry(path);
    await imported(registry, '1', ['CL-1']);
    const rival = new DatabaseSync(path);
    onTestFinished(() => rival.close());
    rival.exec('BEGIN IMMEDIATE');
    await expect(registry.registerUnit(registration('CL-1'))).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      reason: 'locked',
      message: expect.stringContaining(path),
    });
    expect(await registry.unit('CL-1')).toMatchObject({ attempts: [] });
    rival.exec('ROLLBACK');
    await registry.registerUnit(registration('CL-1'));
  });

  it('when the folder is missing', () => {
    const path = join(registryPath(), 'no', 'registry.db');
    expect(() => openRegistryFile(path)).toThrow(
      expect.objectContaining({
        code: 'REGISTRY_UNAVAILABLE',
        reason: 'cannot-open',
        message: expect.stringContaining(path),
      }),
    );
  });

  it('when the file is something else', () => {
    const path = registryPath();
    writeFileSync(path, 'order,serial,product\n'.repeat(100));
    expect(() => openRegistryFile(path)).toThrow(expect.objectContaining({ reason: 'damaged' }));
  });

  it('when a newer program made it', async () => {
    const path = registryPath();
    await openRegistryFile(path).close();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(() => openRegistryFile(path)).toThrow(expect.objectContaining({ reason: 'newer' }));
  });

  it('when an earlier program made it and it is only to be read', async () => {
    const path = registryPath();
    const earlier = new DatabaseSync(path);
    earlier.exec(`PRAGMA journal_mode = WAL; ${registryMigrations(SQLITE)[0]}; PRAGMA user_version = 1`);
    earlier.close();
    const before = readFileSync(path);
    expect(() => openRegistryFile(path, { readOnly: true })).toThrow(
      expect.objectContaining({
        reason: 'older',
        message: expect.stringContaining('start the factory line'),
      }),
    );
    expect(readFileSync(path)).toEqual(before);
    await openRegistryFile(path).close();
    await openRegistryFile(path, { readOnly: true }).close();
  });

  it('when it is only to be read', async () => {
    const path = registryPath();
    expect(() => openRegistryFile(path, { readOnly: true })).toThrow(
      expect.objectContaining({ reason: 'cannot-open' }),
    );
    await imported(openedRegistry(path), '1', ['CL-1']);
    const reader = openRegistryFile(path, { readOnly: true });
    onTestFinished(() => reader.close());
    expect(await reader.batchSummary('PO-1')).toMatchObject({ open: 1 });
    expect(await reader.registeredSerials(['cl-1'])).toHaveLength(1);
    await expect(reader.closeBatch('PO-1')).rejects.toMatchObject({ reason: 'read-only' });
  });

  it('when it is read-only', async () => {
    const path = registryPath();
    await openRegistryFile(path).close();
    const reader = new DatabaseSync(path, { readOnly: true });
    onTestFinished(() => reader.close());
    expect(errorOf(() => reader.exec('DELETE FROM batches'), path)).toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      reason: 'read-only',
    });
  });

  it('when there is no more room', async () => {
    const path = registryPath();
    await openRegistryFile(path).close();
    const small = new DatabaseSync(path);
    onTestFinished(() => small.close());
    small.exec('PRAGMA max_page_count = 60; CREATE TABLE ballast (bytes BLOB)');
    expect(errorOf(() => small.exec('INSERT INTO ballast VALUES (zeroblob(1000000))'), path)).toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      reason: 'full',
    });
  });

  it('when its disk is full: nothing is half stored, and it goes on when there is room', async (context) => {
    const folder = join(dirname(registryPath()), 'disk');
    mkdirSync(folder);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    context.skip(mounted.status !== 0, 'a small disk can be mounted by root only');
    onTestFinished(() => void spawnSync('umount', [folder]));
    const registry = openedRegistry(join(folder, 'registry.db'));
    await imported(registry, '1', ['CL-1']);
    const full = registry.importBatch(newBatch('2', 20_000), rowsOf(serialsFrom(10, 20_000)));
    await expect(full).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', reason: 'full' });
    expect(await registry.listBatches()).toHaveLength(1);
    await registry.registerUnit(registration('CL-1'));
    expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'PASS' });
  });
});

it('a registry of the first version learns of revocations', async () => {
  const path = registryPath();
  const first = new DatabaseSync(path);
  first.exec(`${registryMigrations(SQLITE)[0]}; PRAGMA user_version = 1`);
  first.close();
  const registry = openedRegistry(path);
  await imported(registry, '1', ['CL-1']);
  await registry.registerUnit(registration('CL-1'));
  const { certificateSerial } = registration('CL-1');
  const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00.000Z' }];
  const list = { issuerKey: 'ca', number: 1, revocations };
  expect(await registry.applyRevocations(list)).toMatchObject({ ended: 1 });
});

it('a registry whose outbox has only certificates that are registered keeps it', async () => {
  const path = registryPath();
  const { certificateSha256, certificateSerial, spkiSha256, boardId, certificate } = registration('CL-1');
  const earlier = new DatabaseSync(path);
  earlier.exec(`${registryMigrations(SQLITE).slice(0, 13).join(';')};
    PRAGMA user_version = 13;
    INSERT INTO batches (batch_id, order_number, manifest, sha256, row_count, imported_at) VALUES ('PO-1', 'PO-1', '1.csv', 'ab', 1, '');
    INSERT INTO units (batch_id, row_number, serial, serial_folded, product, attrs, outcome, attempts)
      VALUES ('PO-1', 1, 'CL-1', 'cl-1', 'node', '{}', 'PASS', 1);
    INSERT INTO attempts (unit_id, attempt, step) VALUES (1, 1, 'registerDevice');
    INSERT INTO certificates (fingerprint, certificate_serial, spki_sha256, unit_id, attempt, board_id, der, state, not_before,
      not_after, registered_at) VALUES ('${certificateSha256}', '${certificateSerial}', '${spkiSha256}', 1, 1, '${boardId}',
      x'${Buffer.from(certificate).toString('hex')}', 'active', '', '', '');
    INSERT INTO outbox (entry_id, registry, position, unit_id, batch_id, fingerprint, act, state, version, recorded_at, due_at)
      VALUES (7, 'erp', 0, 1, 'PO-1', '${certificateSha256}', 'put', 'due', 3, 1, 1)`);
  earlier.close();
  const { outbox } = openedRegistry(path);
  expect(await outbox.due('erp', Date.now(), 10)).toMatchObject([
    { entryId: 7, version: 3, act: 'put', device: { serial: 'CL-1', boardId, certificateSha256 } },
  ]);
});

describe('an import that is killed', () => {
  const ROWS = 20_000;

  it.each(['rows', 'commit'])('at its %s leaves all or nothing', { timeout: 60_000 }, async (moment) => {
    const path = registryPath();
    for (let round = 0; round < 5; round += 1) {
      await killedImport(path, moment, 10 * round);
      const registry = openRegistryFile(path);
      const batches = await registry.listBatches();
      const stored = (await registry.registeredSerials(serialsFrom(1, ROWS).map((s) => s.toLowerCase())))
        .length;
      expect(stored).toBe(batches.length * ROWS);
      await registry.close();
      if (moment === 'rows') expect(batches).toEqual([]);
    }
    expect((await imported(openedRegistry(path), '1', serialsFrom(1, ROWS))).status).toBe('imported');
  });

  /** Kills an importing child with SIGKILL when it has said that the moment is there, and some milliseconds later. */
  async function killedImport(path: string, moment: string, waitMs: number): Promise<void> {
    const child = spawn(process.execPath, [IMPORT_CHILD, path, JSON.stringify(newBatch('1', ROWS)), moment], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    // A round that came too late has stored the batch: the next child has nothing to do, and ends.
    await Promise.race([once(child.stdout, 'data'), ended]);
    await setTimeout(waitMs);
    child.kill('SIGKILL');
    await ended;
  }
});

function errorOf(work: () => void, path: string): unknown {
  try {
    work();
  } catch (error) {
    return sqliteError(REGISTRY, path, error);
  }
  return undefined;
}
