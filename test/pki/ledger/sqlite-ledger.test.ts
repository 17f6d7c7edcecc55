import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { AUDIT_GENESIS, auditHash, judgeChain } from '../../../pki/audit/audit-chain.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { ledgerMigrations } from '../../../pki/ledger/migrations.ts';
import { PkiError } from '../../../pki/pki-error.ts';
import { openLedgerFile } from '../../../pki/ledger/ledger-database.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { makeCa } from '../leaf.ts';
import { describeLedger } from './ledger-conformance.ts';
import { fileIn } from '../openssl.ts';
import { rowsOfVersion8, signedOrder } from '../orders/signed-orders.ts';
import { code, makeLine, openLine, release, requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SQLITE_MIGRATIONS = ledgerMigrations(SQLITE);

const folder = temporaryFolder();
const ca = await makeCa(folder);
let databases = 0;

describeLedger(ca, async () => {
  databases += 1;
  const path = join(folder, `conformance-${databases}.db`);
  return { open: async () => openLedgerFile(path) };
});

describe('the file', () => {
  it('is for its owner alone, in WAL with full sync', async () => {
    const { path, sql } = makeLine(folder, ca);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await sql('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
    expect(await sql('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
    expect(await sql('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    expect(await sql('PRAGMA user_version')).toEqual([{ user_version: SQLITE_MIGRATIONS.length }]);
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

describe('a ledger of version 5', () => {
  it('keeps its audit chain, and nothing in it is reserved or void any more', async () => {
    const path = join(folder, 'version-5.db');
    const database = new DatabaseSync(path);
    for (const script of SQLITE_MIGRATIONS.slice(0, 5)) database.exec(script);
    database.exec('PRAGMA user_version = 5');
    const insert =
      database.prepare(`INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded,
      attempt, board_id, spki_sha256, cert_serial, not_before, not_after, tbs, kind, state, reserved_at)
      VALUES (?1, '', 'b1', ?1, 1, ?1, ?1, ?1, '', '', x'00', 'first', ?2, '')`);
    database.exec(`INSERT INTO batch (batch_id, order_id, quota, reissue_quota) VALUES ('b1', 'PO-1', 9, 0)`);
    for (const [name, state] of [
      ['a', 'reserved'],
      ['b', 'void'],
    ] as const) {
      const unit =
        'INSERT INTO released_serial (serial_folded, serial, batch_id, product) VALUES (?, ?, ?, ?)';
      database.prepare(unit).run(name, name, 'b1', 'sensor');
      insert.run(name, state);
    }
    let hash = AUDIT_GENESIS;
    for (let seq = 1; seq <= 3; seq += 1) {
      hash = auditHash(hash, seq, `{"n":${seq}}`);
      database.prepare('INSERT INTO audit VALUES (?, ?, ?)').run(seq, `{"n":${seq}}`, hash);
    }
    database.close();
    const ledger = openSqliteLedger(path);
    expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
    expect(await ledger.auditLog.auditHead()).toEqual({ size: 3, hash });
    expect([(await ledger.issuances.find('a'))?.state, (await ledger.issuances.find('b'))?.state]).toEqual([
      'signing',
      'superseded',
    ]);
    await ledger.close();
  });
});

describe('a ledger of version 8', () => {
  it('gives back what a reservation used that never had a signature, and is for this version alone', async () => {
    const path = join(folder, 'version-8.db');
    const database = new DatabaseSync(path);
    for (const script of SQLITE_MIGRATIONS.slice(0, 8)) database.exec(script);
    database.exec('PRAGMA user_version = 8');
    database.exec(rowsOfVersion8("x''"));
    database.close();
    const line = openLine(path, ca);
    await line.ledger.orders.admitOrder(signedOrder({ reissues: 0 }));
    await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
    expect(await line.sql('SELECT reserved, reissued FROM batch')).toEqual([{ reserved: 1, reissued: 0 }]);
    expect(await line.sql(`SELECT state FROM issuance WHERE request_id = 'r2'`)).toEqual([
      { state: 'superseded' },
    ]);
    const earlier = `INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, spki_sha256,
      cert_serial, not_before, not_after, tbs, kind, state, reserved_at)
      VALUES ('r3', '', 'b1', 'acme-1', 9, 'b', 'b3', 'c3', '', '', x'', 'first', 'reserved', '')`;
    await expect(line.sql(earlier)).rejects.toThrow(code('SIGNER_FAULT', 'constraint'));
    const again = line.issuer.issue(requestFor('ACME-1', { attempt: 3 }));
    await expect(again).rejects.toThrow(code('QUOTA_EXCEEDED', 'reissue'));
    await line.ledger.close();
  });
});

/** A line with a certificate issued, and a second request for it to refuse. */
async function busyLine(): Promise<SigningLine & { path: string }> {
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
    const [pages] = await line.sql('PRAGMA page_count');
    await line.sql(`PRAGMA max_page_count = ${Number(pages?.['page_count']) + 2}`);
    const results = await Promise.allSettled(serials.map((serial) => line.issuer.issue(requestFor(serial))));
    const refused = results
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason as unknown);
    expect(refused.length).toBeGreaterThan(30);
    for (const reason of refused) expect(reason).toEqual(code('LEDGER_UNAVAILABLE', 'full'));
    const reserved = (await line.sql('SELECT request_id FROM issuance')).map((row) => row['request_id']);
    expect(reserved).toEqual(expect.arrayContaining(line.signer.requestIds));
  });

  it('read-only', async () => {
    const line = await busyLine();
    await line.sql('PRAGMA query_only = 1');
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
