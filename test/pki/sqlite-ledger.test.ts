import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { firstBrokenEntry } from '../../pki/audit-chain.ts';
import { LEDGER_MIGRATIONS } from '../../pki/ledger-migrations.ts';
import { PkiError } from '../../pki/pki-error.ts';
import { openSqliteLedger } from '../../pki/sqlite-ledger.ts';
import { makeCa } from './leaf.ts';
import { fileIn, temporaryFolder } from './openssl.ts';
import { code, makeLine, openLine, release, requestFor, type SigningLine } from './signing-line.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);

const BATCH = { batchId: 'b1', order: 'PO-1', quota: 2, reissueQuota: 0 };

describe('releases', () => {
  it('are idempotent', async () => {
    const { ledger, database } = makeLine(folder, ca);
    const units = [
      { serial: 'ACME-1', product: 'sensor' },
      { serial: 'ACME-2', product: 'sensor', boardId: 'beef' },
    ];
    for (let time = 0; time < 2; time += 1) {
      await ledger.releaseBatch(BATCH);
      await ledger.releaseSerials({ batchId: 'b1', units });
    }
    expect(database.get('SELECT released FROM batch')).toEqual({ released: 2 });
    expect([...ledger.auditEntries()]).toHaveLength(2);
  });

  it.each([
    ['another order', { order: 'PO-2' }],
    ['another quota', { quota: 3 }],
    ['another reissue quota', { reissueQuota: 1 }],
    ['a quota of nothing', { batchId: 'b2', quota: 0 }],
    ['half a quota', { batchId: 'b2', quota: 1.5 }],
  ])('of a batch with %s are refused', async (_name, change) => {
    const { ledger } = makeLine(folder, ca);
    await ledger.releaseBatch(BATCH);
    await expect(ledger.releaseBatch({ ...BATCH, ...change })).rejects.toThrow(code('RELEASE_CONFLICT'));
  });

  it.each([
    ['another product', { serial: 'ACME-1', product: 'pump' }],
    ['a board', { serial: 'ACME-1', product: 'sensor', boardId: 'beef' }],
    ['an invalid serial', { serial: 'acme-3', product: 'sensor' }],
  ])('of a serial with %s are refused, all of the list', async (_name, unit) => {
    const { ledger, database } = makeLine(folder, ca);
    await ledger.releaseBatch(BATCH);
    await ledger.releaseSerials({ batchId: 'b1', units: [{ serial: 'ACME-1', product: 'sensor' }] });
    const units = [{ serial: 'ACME-2', product: 'sensor' }, unit];
    await expect(ledger.releaseSerials({ batchId: 'b1', units })).rejects.toThrow(code('RELEASE_CONFLICT'));
    expect(database.all('SELECT serial FROM released_serial')).toEqual([{ serial: 'ACME-1' }]);
  });

  it('of an old serial in another batch, of an unknown batch, and beyond the quota are refused', async () => {
    const line = makeLine(folder, ca);
    await release(line, ['ACME-1', 'ACME-2']);
    await line.ledger.releaseBatch({ ...BATCH, batchId: 'b2' });
    const units = (serials: string[]): { serial: string; product: string }[] =>
      serials.map((serial) => ({ serial, product: 'sensor' }));
    const old = line.ledger.releaseSerials({ batchId: 'b2', units: units(['ACME-1']) });
    await expect(old).rejects.toThrow(code('RELEASE_CONFLICT', 'serial'));
    const unknown = line.ledger.releaseSerials({ batchId: 'b3', units: [] });
    await expect(unknown).rejects.toThrow(code('RELEASE_CONFLICT', 'batch'));
    const many = line.ledger.releaseSerials({ batchId: 'b2', units: units(['X1', 'X2', 'X3']) });
    await expect(many).rejects.toThrow(code('QUOTA_EXCEEDED', 'serials'));
    await line.ledger.releaseSerials({ batchId: 'b2', units: units(['X1', 'X2']) });
  });
});

describe('the schema', () => {
  it('refuses by itself a second live certificate of a serial or board, a used key, a number used twice', async () => {
    const line = makeLine(folder, ca);
    await release(line, ['ACME-1', 'ACME-2']);
    await line.issuer.issue(requestFor('ACME-1'));
    const insert = (changes: Record<string, string>): void => {
      const row = { ...line.database.get('SELECT * FROM issuance'), request_id: 'x', ...changes };
      const columns = Object.keys(row);
      const places = columns.map(() => '?').join();
      line.database.run(`INSERT INTO issuance (${columns.join()}) VALUES (${places})`, ...Object.values(row));
    };
    const fresh = { serial_folded: 'acme-2', board_id: 'other', spki_sha256: 'other', cert_serial: 'other' };
    for (const column of ['serial_folded', 'board_id', 'spki_sha256', 'cert_serial'] as const) {
      const { [column]: _same, ...others } = fresh;
      expect(() => insert(others)).toThrow(code('SIGNER_FAULT', 'constraint'));
    }
    expect(() => insert({ ...fresh, serial_folded: 'never-released' })).toThrow(code('SIGNER_FAULT'));
    expect(() => insert({ ...fresh, state: 'unheard' })).toThrow(code('SIGNER_FAULT'));
    expect(() => line.database.run('UPDATE batch SET reserved = 9')).toThrow(code('SIGNER_FAULT'));
    expect(() => insert(fresh)).not.toThrow();
  });

  it('is kept in a file for its owner alone, in WAL with full sync', () => {
    const { path, database } = makeLine(folder, ca);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(database.get('PRAGMA synchronous')).toEqual({ synchronous: 2 });
    expect(database.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 });
    expect(database.get('PRAGMA user_version')).toEqual({ user_version: LEDGER_MIGRATIONS.length });
  });

  it('of a later version is not touched', () => {
    const path = join(folder, 'later.db');
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = readFileSync(path);
    expect(() => openSqliteLedger(path)).toThrow(code('LEDGER_NEWER'));
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

/** A line with a certificate issued, and a second request for it to refuse. */
async function busyLine(): Promise<SigningLine> {
  const line = makeLine(folder, ca);
  await release(line, ['ACME-1', 'ACME-2']);
  await line.issuer.issue(requestFor('ACME-1'));
  return line;
}

/** What becomes of a request now, and how many signatures were made meanwhile. */
async function outcome({ issuer, signer }: SigningLine): Promise<unknown> {
  const before = signer.signatures;
  try {
    await issuer.issue(requestFor('ACME-2'));
    return { signatures: signer.signatures - before };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { code: error.code, reason: error.reason, signatures: signer.signatures - before };
  }
}

function unavailable(reason: string): unknown {
  return { code: 'LEDGER_UNAVAILABLE', reason, signatures: 0 };
}

describe('a ledger that cannot be written makes no signature:', () => {
  it('locked by another process, until it lets go', async () => {
    const line = await busyLine();
    const holder = new DatabaseSync(line.path);
    holder.exec('BEGIN IMMEDIATE');
    expect(await outcome(line)).toEqual(unavailable('busy'));
    holder.exec('ROLLBACK');
    holder.close();
    expect(await outcome(line)).toEqual({ signatures: 1 });
  });

  it('that fills up while it signs: what was signed was reserved before', async () => {
    const line = makeLine(folder, ca);
    const serials = Array.from({ length: 60 }, (_, index) => `ACME-${index}`);
    await release(line, serials);
    const pages = line.database.get('PRAGMA page_count')?.['page_count'];
    line.database.get(`PRAGMA max_page_count = ${Number(pages) + 2}`);
    const results = await Promise.allSettled(serials.map((serial) => line.issuer.issue(requestFor(serial))));
    const refused = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason as unknown);
    expect(refused.length).toBeGreaterThan(30);
    for (const reason of refused) expect(reason).toEqual(code('LEDGER_UNAVAILABLE', 'full'));
    const reserved = line.database.all('SELECT request_id FROM issuance').map((row) => row['request_id']);
    expect(reserved).toEqual(expect.arrayContaining(line.signer.requestIds));
  });

  it('read-only', async () => {
    const line = await busyLine();
    line.database.get('PRAGMA query_only = 1');
    expect(await outcome(line)).toEqual(unavailable('read-only'));
  });

  it('deleted, or another file in its place', async () => {
    const line = await busyLine();
    const aside = `${line.path}.aside`;
    renameSync(line.path, aside);
    expect(await outcome(line)).toEqual(unavailable('lost'));
    writeFileSync(line.path, '');
    expect(await outcome(line)).toEqual(unavailable('lost'));
    rmSync(line.path);
    renameSync(aside, line.path);
    expect(await outcome(line)).toEqual({ signatures: 1 });
  });

  it('damaged', async () => {
    const line = await busyLine();
    await line.ledger.close();
    const bytes = readFileSync(line.path);
    bytes.fill(0xa5, 100, 20_000);
    writeFileSync(line.path, bytes);
    expect(() => openSqliteLedger(line.path)).toThrow(code('LEDGER_CORRUPT'));
    expect(() => openSqliteLedger(fileIn(folder, 'text.db', 'no database'.repeat(500)))).toThrow(
      code('LEDGER_CORRUPT'),
    );
  });

  it('a path that cannot be one', () => {
    expect(() => openSqliteLedger(folder)).toThrow(code('LEDGER_UNAVAILABLE', 'cannot-open'));
    expect(() => openSqliteLedger(join(fileIn(folder, 'file', ''), 'ledger.db'))).toThrow(
      code('LEDGER_UNAVAILABLE', 'cannot-open'),
    );
  });

  it('on a disk that is full', async ({ skip }) => {
    const mount = join(folder, 'small-disk');
    mkdirSync(mount);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', mount]);
    if (mounted.status !== 0) skip('mount -t tmpfs needs root');
    try {
      const line = openLine(join(mount, 'ledger.db'), ca);
      await release(line, ['ACME-1', 'ACME-2']);
      spawnSync('dd', ['if=/dev/zero', `of=${join(mount, 'fill')}`, 'bs=1k']);
      expect(await outcome(line)).toMatchObject({ code: 'LEDGER_UNAVAILABLE', signatures: 0 });
      rmSync(join(mount, 'fill'));
      expect(await outcome(line)).toEqual({ signatures: 1 });
      await line.ledger.close();
    } finally {
      spawnSync('umount', [mount]);
    }
  });
});

describe('the audit log', () => {
  it('has an intent before every signature and chains every entry', async () => {
    const { ledger, signer } = await busyLine();
    const events = [...ledger.auditEntries()].map(
      ({ body }) => (JSON.parse(body) as { event: string }).event,
    );
    expect(events).toEqual(['batch-released', 'serials-released', 'reserved', 'signing', 'issued']);
    expect(signer.signatures).toBe(1);
    expect(firstBrokenEntry(ledger.auditEntries())).toBeUndefined();
  });

  it.each([
    ['changed', `UPDATE audit SET body = replace(body, 'ACME-1', 'ACME-9') WHERE seq = 3`, 3],
    ['removed', 'DELETE FROM audit WHERE seq = 2', 2],
    ['rewritten with a hash of its own', `UPDATE audit SET body = '{}', hash = 'x' WHERE seq = 4`, 4],
  ])('shows an entry that was %s', async (_name, sql, seq) => {
    const { ledger, database } = await busyLine();
    database.run(sql);
    expect(firstBrokenEntry(ledger.auditEntries())).toBe(seq);
  });
});
