// H6: somebody who can write to the signer's disk, but does not have the audit key, edits what the log says row by row.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishCrl } from '../../line/crl.ts';
import { requestFor } from '../pki/signing/signing-line.ts';
import { ca, rewriteLog, signerOnDisk } from './signer-on-disk.ts';
import type { SignerOnDisk, StartedSigner } from './signer-on-disk.ts';

const DECISION = { reason: 'set', by: 'A. Smith' };
const WORD = { isFresh: true, at: new Date().toISOString() };

async function rework(
  { ledger }: StartedSigner,
  reworkId: string,
  kind: 'renew' | 'rekey',
  serial: string,
): Promise<void> {
  const now = new Date().toISOString();
  const units = [{ serial, product: 'sensor', batchId: 'b1', order: 'PO-1' }];
  await ledger.reworks.releaseRework({ reworkId, kind, askedAt: now, releasedAt: now, units });
}

/**
 * CL-1 was reworked, CL-2 is to be renewed, CL-3 is on hold and its log was numbered into a list; CL-4 runs again in a
 * supplement, CL-5 was given back. The clock was accepted once, and a station got another key.
 */
async function eventful(): Promise<SignerOnDisk> {
  const signer = signerOnDisk();
  const started = await signer.start();
  const { issue, issuer, ledger } = started;
  for (const serial of ['CL-1', 'CL-2', 'CL-3']) await issue(serial);
  await ledger.issuances.activate(['b1/CL-1/1', 'b1/CL-2/1', 'b1/CL-3/1']);
  await rework(started, 'rw-1', 'rekey', 'CL-1');
  await issuer.issue(requestFor('CL-1', { attempt: 2 }));
  await ledger.issuances.activate(['b1/CL-1/2']);
  await ledger.issuances.endRework({ reworkId: 'rw-1', serial: 'CL-1', attempt: 2, revokesActive: false });
  await rework(started, 'rw-2', 'renew', 'CL-2');
  await ledger.withdrawals.hold('b1/CL-3/1');
  await publishCrl({ ca, ledger, stateFolder: signer.state });
  const units = ['CL-4', 'CL-5'].map((serial) => ({ serial, product: 'sensor' }));
  await ledger.orders.releaseSerials({ batchId: 'b1', units });
  await ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'CL-4', attempt: 1 });
  await ledger.furtherAttempts.releaseAttempts({
    batchId: 'b1',
    run: 'b1.r1',
    releasedAt: new Date().toISOString(),
    units: [{ ...units[0]!, attempt: 1 }],
  });
  const attempt = { batchId: 'b1', order: 'PO-1', ...units[0]!, attempt: 3 };
  await ledger.furtherAttempts.permitAttempt(attempt, WORD);
  await ledger.furtherAttempts.returnSerials({ batchId: 'b1', serials: ['CL-5'], supplements: 1 });
  await ledger.auditLog.acceptClock(DECISION);
  for (const verifier of ['first', 'second'])
    await ledger.stations.admitStation({ stationId: 'st-1', verifier, perMinute: 60 });
  await ledger.close();
  return signer;
}

const OTHER_ROW = `INSERT INTO rework (rework_id, serial_folded, kind, order_id, released_at)
  VALUES ('rw-9', 'cl-3', 'rekey', 'PO-1', '2026-01-01T00:00:00.000Z')`;

describe('a ledger that Certline alone changed', () => {
  it('starts, whatever its log has of units and reworks', async () => {
    const signer = await eventful();
    const { ledger } = await signer.start();
    expect(await ledger.verification.findings()).toEqual([]);
  });
});

describe('a unit that had attempts, and whose batch was taken back', () => {
  it('is released again in another batch, as one that is new', async () => {
    const signer = await eventful();
    const { ledger } = await signer.start();
    await ledger.orders.withdrawBatch('b1', DECISION);
    const manifest = { order: 'PO-1', manifestSha256: 'cd'.repeat(32), intake: 'intake' };
    const releasedAt = new Date().toISOString();
    await ledger.orders.releaseBatch({ ...manifest, batchId: 'b2', quantity: 2, releasedAt });
    const units = ['CL-4', 'CL-5'].map((serial) => ({ serial, product: 'sensor' }));
    await ledger.orders.releaseSerials({ batchId: 'b2', units });
    await ledger.furtherAttempts.returnSerials({ batchId: 'b2', serials: ['CL-5'], supplements: 0 });
    expect(await ledger.verification.findings()).toEqual([]);
    await ledger.issuances.withdrawUnit({ batchId: 'b2', serial: 'CL-4', attempt: 1 });
    expect(await ledger.verification.findings()).toEqual([]);
    signer.edit("UPDATE released_serial SET ended = 0 WHERE serial = 'CL-4'");
    expect(await ledger.verification.findings()).toEqual([
      'the unit CL-4 has other attempts than by the audit log',
    ]);
  });
});

/** What entries of the version before do not say. */
const NEW_MEMBERS =
  'serials units released supplements freed ended supersedes mark issuanceSeq intake asked after'.split(' ');

/** The same ledger, as the version before wrote its log: with digests that nobody can compare. */
async function olderLedger(): Promise<SignerOnDisk> {
  const signer = await eventful();
  rewriteLog(signer, (body) => {
    const { event, ...members } = JSON.parse(body) as Record<string, unknown>;
    if (event === 'rework-ended') delete members['returned'];
    for (const name of NEW_MEMBERS) delete members[name];
    return JSON.stringify({ ...members, event });
  });
  signer.edit('DELETE FROM station_key');
  rmSync(join(signer.state, 'signer', 'audit.checkpoint'));
  rmSync(join(signer.state, 'signer', 'audit.key.pem'));
  rmSync(join(signer.state, 'signer', 'ca', 'crl.pem'), { force: true });
  return signer;
}

describe('a unit that is found under another serial', () => {
  it('gets no second certificate: the ledger is refused', async () => {
    const signer = signerOnDisk();
    const { issue, ledger } = await signer.start();
    await issue('CL-1');
    await ledger.issuances.activate(['b1/CL-1/1']);
    await ledger.close();
    signer.edit(`PRAGMA foreign_keys = OFF;
      UPDATE released_serial SET serial_folded = 'zz-1'; UPDATE issuance SET serial_folded = 'zz-1'`);
    const issueAgain = async (): Promise<void> => {
      const started = await signer.start();
      await started.ledger.orders.releaseSerials({
        batchId: 'b1',
        units: [{ serial: 'CL-1', product: 'sensor' }],
      });
      await started.issuer.issue(requestFor('CL-1', { requestId: 'b1/CL-1/again', boardId: 'other' }));
    };
    await expect(issueAgain()).rejects.toMatchObject({ code: 'LEDGER_STALE', reason: 'altered' });
  });
});

describe('a ledger with a trigger that makes its order unused', () => {
  it('signs no more than was ordered: the ledger is refused', async () => {
    const signer = signerOnDisk();
    const { issue, ledger } = await signer.start();
    await issue('CL-1');
    await ledger.close();
    signer.edit(`CREATE TRIGGER forget AFTER INSERT ON audit
      BEGIN UPDATE purchase_order SET released = 0; END`);
    const releaseMore = async (): Promise<void> => {
      const started = await signer.start();
      await started.ledger.stations.admitStation({ stationId: 'st-1', verifier: 'x', perMinute: 60 });
      const manifest = { order: 'PO-1', manifestSha256: 'cd'.repeat(32), intake: 'intake' };
      const releasedAt = new Date().toISOString();
      await started.ledger.orders.releaseBatch({ ...manifest, batchId: 'b2', quantity: 5, releasedAt });
    };
    await expect(releaseMore()).rejects.toMatchObject({ code: 'LEDGER_STALE', reason: 'altered' });
  });
});

describe('a ledger whose indexes leave a certificate out', () => {
  /** The index has another condition than its definition says. */
  function hide(signer: SignerOnDisk, index: string): void {
    const sql = String(signer.rows(`SELECT sql FROM sqlite_schema WHERE name = '${index}'`)[0]?.['sql']);
    const other = `${sql}${sql.includes(' WHERE ') ? ' AND' : ' WHERE'} serial_folded <> 'cl-1'`;
    signer.edit(`DROP INDEX ${index}; ${other}; PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = '${sql}' WHERE name = '${index}'`);
  }

  it.each([
    ['of Certline', ''],
    ['of Certline and one more', 'CREATE INDEX another ON issuance (serial_folded, state)'],
  ])('signs no second one for its serial: the ledger is refused (%s)', async (_whose, added) => {
    const signer = signerOnDisk();
    const { issue, ledger } = await signer.start();
    await issue('CL-1');
    await ledger.issuances.activate(['b1/CL-1/1']);
    await ledger.close();
    if (added !== '') {
      signer.edit(added);
      hide(signer, 'another');
    }
    hide(signer, 'one_live_certificate_per_serial');
    hide(signer, 'issuances_of_serial');
    const issueAgain = async (): Promise<void> => {
      const { issuer } = await signer.start();
      await issuer.issue(requestFor('CL-1', { attempt: 2, boardId: 'other' }));
    };
    await expect(issueAgain()).rejects.toMatchObject({ code: 'LEDGER_STALE', reason: 'altered' });
  });
});

describe('a ledger with what a person or another program added to read or to replicate it', () => {
  it.each([
    ['statistics', 'ANALYZE'],
    ['a table', 'CREATE TABLE replicated (seq INTEGER)'],
    ['a view', 'CREATE VIEW lots AS SELECT DISTINCT batch_id FROM issuance'],
    ['indexes', 'CREATE INDEX i ON issuance (reserved_at); CREATE INDEX j ON audit (hash)'],
    ['an index of some rows', "CREATE INDEX i ON issuance (board_id) WHERE state = 'active'"],
  ])('starts: %s', async (_what, sql) => {
    const signer = await eventful();
    signer.edit(sql);
    const { ledger } = await signer.start();
    expect(await ledger.verification.findings()).toEqual([]);
  });
});

describe('a ledger with a trigger that a person of the factory added', () => {
  it('says what to drop, and starts then', async () => {
    const signer = await eventful();
    signer.edit('CREATE TRIGGER mine AFTER INSERT ON audit BEGIN SELECT 1; END');
    await expect(signer.start()).rejects.toThrow(
      `the trigger "mine" is not Certline's (if it is yours, drop it`,
    );
    signer.edit('DROP TRIGGER mine');
    const { ledger } = await signer.start();
    expect(await ledger.verification.findings()).toEqual([]);
  });
});

describe('a ledger of the version before, whose log says less', () => {
  it('starts, and takes whatever comes next', async () => {
    const signer = await olderLedger();
    const { ledger } = await signer.start();
    expect(await ledger.verification.findings()).toEqual([]);
    await ledger.issuances.endRework({ reworkId: 'rw-2', serial: 'CL-2', attempt: 1, revokesActive: false });
    const terms = { batchId: 'b1', order: 'PO-1', serial: 'CL-4', product: 'sensor' };
    await ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'CL-4', attempt: 3 });
    await ledger.furtherAttempts.permitAttempt({ ...terms, attempt: 4 }, WORD);
    await ledger.withdrawals.endHold('b1/CL-3/1');
    await ledger.orders.withdrawBatch('b1', DECISION);
    expect(await ledger.verification.findings()).toEqual([]);
  });

  it.each([
    ['a rework that nobody released', OTHER_ROW],
    ['a rework of another order', "UPDATE rework SET order_id = 'PO-2' WHERE rework_id = 'rw-2'"],
    ['a rework that was used', "UPDATE rework SET is_used = 0 WHERE rework_id = 'rw-1'"],
    ['a rework that has ended', "UPDATE rework SET ended_at = NULL WHERE rework_id = 'rw-1'"],
    ['a rework that is gone', "DELETE FROM rework WHERE rework_id = 'rw-2'"],
    ['a certificate that is on hold', 'UPDATE issuance SET held_at = NULL'],
    ['the attempts that are withdrawn', 'UPDATE released_serial SET withdrawn_attempt = 0'],
    ['the attempts that are permitted', 'UPDATE released_serial SET permitted_attempt = 9'],
    [
      'under which serial a unit is found that no entry names',
      `UPDATE released_serial SET serial_folded = 'zz-3', entry = NULL WHERE serial_folded = 'cl-3';
        UPDATE issuance SET serial_folded = 'zz-3' WHERE serial_folded = 'cl-3'`,
    ],
  ])('is refused, too, if this was edited: %s', async (_what, sql) => {
    const signer = await olderLedger();
    signer.edit(`PRAGMA foreign_keys = OFF; ${sql}`);
    await expect(signer.start()).rejects.toMatchObject({ code: 'LEDGER_STALE', reason: 'altered' });
  });
});

describe('H6: a ledger that was edited where it counts', () => {
  it.each([
    ['a rework that nobody released', OTHER_ROW],
    ['a rework of another unit', "UPDATE rework SET serial_folded = 'cl-3' WHERE rework_id = 'rw-2'"],
    ['a rework of another order', "UPDATE rework SET order_id = 'PO-2' WHERE rework_id = 'rw-2'"],
    ['a rework of another kind', "UPDATE rework SET kind = 'rekey' WHERE rework_id = 'rw-2'"],
    ['a rework that was used', "UPDATE rework SET is_used = 0 WHERE rework_id = 'rw-1'"],
    ['a rework that has ended', "UPDATE rework SET ended_at = NULL WHERE rework_id = 'rw-1'"],
    ['a rework that is open', "UPDATE rework SET ended_at = '2026-01-01' WHERE rework_id = 'rw-2'"],
    ['a rework that is gone', "DELETE FROM rework WHERE rework_id = 'rw-2'"],
    ['the reissues that reworks used', 'UPDATE purchase_order SET reissued = reissued - 1'],
    ['a certificate that is on hold', 'UPDATE issuance SET held_at = NULL'],
    ['another that is not', "UPDATE issuance SET held_at = '2026-01-01' WHERE request_id = 'b1/CL-2/1'"],
    ['the list that has the hold', "UPDATE crl SET mark = 'x'"],
    ['the number of the list', 'DELETE FROM crl'],
    [
      'a certificate that is valid',
      "UPDATE issuance SET state = 'superseded', ended_at = '2026-01-01' WHERE request_id = 'b1/CL-2/1'",
    ],
    [
      'a certificate that no board carries',
      "UPDATE issuance SET state = 'issued' WHERE request_id = 'b1/CL-2/1'",
    ],
    [
      'a certificate that was superseded',
      "UPDATE issuance SET state = 'revoked' WHERE request_id = 'b1/CL-1/1'",
    ],
    [
      'that a certificate has not ended',
      "UPDATE issuance SET ended_at = '2026-01-01' WHERE request_id = 'b1/CL-2/1'",
    ],
    ['why a certificate ended', "UPDATE issuance SET reason = 'x' WHERE request_id = 'b1/CL-1/1'"],
    ['who ended it', "UPDATE issuance SET revoked_by = 'x' WHERE request_id = 'b1/CL-1/1'"],
    ['which station asked', "UPDATE issuance SET station_id = 'st-9'"],
    ['what was asked', "UPDATE issuance SET request_sha256 = 'x'"],
    ['the rework of a certificate', "UPDATE issuance SET rework_id = NULL WHERE request_id = 'b1/CL-1/2'"],
    ['what it takes the place of', "UPDATE issuance SET supersedes = NULL WHERE request_id = 'b1/CL-1/2'"],
    ['a certificate that is pending', "UPDATE issuance SET is_pending = 1 WHERE request_id = 'b1/CL-2/1'"],
    ['a key that may come again', "UPDATE issuance SET has_old_key = 1 WHERE request_id = 'b1/CL-2/1'"],
    ['the attempts that are withdrawn', 'UPDATE released_serial SET withdrawn_attempt = 0'],
    ['a unit that has ended', "UPDATE released_serial SET ended = 1 WHERE serial = 'CL-4'"],
    ['a unit that was never begun', "UPDATE released_serial SET ended = 1 WHERE serial = 'CL-3'"],
    ['a further attempt', "UPDATE released_serial SET further_attempt = 1 WHERE serial = 'CL-4'"],
    ['the run of a further attempt', "UPDATE released_serial SET further_run = NULL WHERE serial = 'CL-4'"],
    ['the attempts that are permitted', 'UPDATE released_serial SET permitted_attempt = 9'],
    ['the attempts that were asked for', 'UPDATE released_serial SET asked_attempt = 9'],
    ['a unit that was given back', 'DELETE FROM returned_serial'],
    ['when a unit was given back', 'UPDATE returned_serial SET supplements = 0'],
    [
      'another that was not',
      "INSERT INTO returned_serial (serial_folded, batch_id, returned_at) VALUES ('cl-9', 'b1', '2026-01-01')",
    ],
    [
      'how many were given back',
      'UPDATE batch SET returned = 2; UPDATE purchase_order SET released = released - 1',
    ],
    [
      'serials that no entry released',
      "UPDATE released_serial SET entry = NULL, product = 'pump' WHERE serial = 'CL-4'",
    ],
    [
      'under which serial a unit with a certificate is found',
      ['released_serial', 'issuance', 'rework']
        .map((table) => `UPDATE ${table} SET serial_folded = 'zz-3' WHERE serial_folded = 'cl-3'`)
        .join(';'),
    ],
    ['a trigger', 'CREATE TRIGGER t AFTER INSERT ON audit BEGIN UPDATE purchase_order SET released = 0; END'],
    ['an index that refuses rows', 'CREATE UNIQUE INDEX i ON audit (hash)'],
    [
      'an index that leaves entries of the log out',
      `CREATE INDEX i ON audit (hash) WHERE seq > 3; PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON audit (hash)' WHERE name = 'i'`,
    ],
    [
      'a trigger of a view',
      'CREATE VIEW v AS SELECT 1; CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN SELECT 1; END',
    ],
    [
      'a table that is a view',
      'ALTER TABLE station RENAME TO hidden; CREATE VIEW station AS SELECT * FROM hidden',
    ],
    ['a rule of its tables', 'DROP INDEX one_serial_per_key'],
    [
      'a value that rows begin with',
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'permitted_attempt INTEGER NOT NULL DEFAULT 1', 'permitted_attempt INTEGER NOT NULL DEFAULT 9')",
    ],
    ['the manifest of a batch', 'UPDATE batch SET manifest_sha256 = NULL'],
    ['when the clock was accepted', 'UPDATE clock_acceptance SET issuance_seq = 99'],
    [
      'until when the clock was wrong',
      "UPDATE issuance SET reserved_at = '2099-01-01T00:00:00.000Z' WHERE request_id = 'b1/CL-1/2'",
    ],
    ['which certificates came first', "UPDATE issuance SET seq = 0 WHERE request_id = 'b1/CL-3/1'"],
  ])('is refused: %s', async (_what, sql) => {
    const signer = await eventful();
    signer.edit(`PRAGMA foreign_keys = OFF; ${sql}`);
    await expect(signer.start()).rejects.toMatchObject({ code: 'LEDGER_STALE', reason: 'altered' });
  });
});
