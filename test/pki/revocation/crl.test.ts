import { execFileSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isCrlDue, issueCrl } from '../../../pki/revocation/crl-issuer.ts';
import { readCrl } from '../../../pki/x509/crl-reader.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { ledgerMigrations } from '../../../pki/ledger/migrations.ts';
import { fileIn, openssl } from '../openssl.ts';
import { makeCa } from '../leaf.ts';
import { code, makeLine, openLine, release, requestFor } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SQLITE_MIGRATIONS = ledgerMigrations(SQLITE);

const folder = temporaryFolder();
const ca = await makeCa(folder);
const WEEK_MS = 7 * 86_400_000;

function textOf(crl: Uint8Array): string {
  return openssl(
    'crl',
    '-inform',
    'DER',
    '-in',
    fileIn(folder, 'crl.der', crl),
    '-noout',
    '-text',
  ).toString();
}

const serialsOf = (crl: Uint8Array): string[] =>
  readCrl(crl).entries.map(({ certificateSerial }) => certificateSerial);

describe('a revocation list', () => {
  it('lists all that is withdrawn, and nothing else, as openssl reads it', async () => {
    const { ledger, issuer } = makeLine(folder, ca);
    await release({ ledger }, ['A-1', 'A-2', 'A-3', 'A-4', 'A-5']);
    const issued = [];
    for (const serial of ['A-1', 'A-2', 'A-3', 'A-4']) issued.push(await issuer.issue(requestFor(serial)));
    const empty = await issueCrl(ca, ledger.withdrawals, new Date());
    expect(empty).toMatchObject({ number: 1, entries: 0 });
    expect(textOf(empty.crl)).toContain('No Revoked Certificates');

    await issuer.revoke({ serial: 'A-1' }, 'keyCompromise');
    await issuer.revoke({ serial: 'A-2' }, 'cessationOfOperation');
    await issuer.issue(requestFor('A-3', { attempt: 2 }));
    await ledger.withdrawals.hold('b1/A-4/1');
    const full = await issueCrl(ca, ledger.withdrawals, new Date());
    expect(full).toMatchObject({ number: 2, entries: 4 });
    const text = textOf(full.crl);
    const reasons = ['Key Compromise', 'Cessation Of Operation', 'Superseded', 'Certificate Hold'];
    for (const [index, reason] of reasons.entries()) {
      const serial = issued[index]!.certificateSerial.toUpperCase();
      expect(text).toMatch(new RegExp(`Serial Number: ${serial}\\n(.*\\n){1,4} *${reason}`));
    }
    expect(text).toMatch(/X509v3 CRL Number:\s+2/);

    expect(await ledger.withdrawals.endHold('b1/A-4/1')).toBe(true);
    expect(await ledger.withdrawals.endHold('b1/A-4/1')).toBe(false);
    expect((await issueCrl(ca, ledger.withdrawals, new Date())).entries).toBe(3);
    await expect(ledger.withdrawals.hold('b1/A-1/1')).rejects.toThrow(code('CERTIFICATE_WITHDRAWN'));
    await expect(ledger.withdrawals.hold('nobody')).rejects.toThrow(code('ISSUANCE_UNKNOWN'));
    await ledger.close();
  });

  it('makes openssl refuse exactly the certificates on it', async () => {
    const { ledger, issuer } = makeLine(folder, ca);
    await release({ ledger }, ['B-1', 'B-2']);
    const [bad, good] = [await issuer.issue(requestFor('B-1')), await issuer.issue(requestFor('B-2'))];
    await issuer.revoke({ serial: 'B-1' }, 'keyCompromise');
    const { crl } = await issueCrl(ca, ledger.withdrawals, new Date());
    const list = join(folder, 'list.pem');
    openssl('crl', '-inform', 'DER', '-in', fileIn(folder, 'list.der', crl), '-out', list);
    expect(
      execFileSync('openssl', ['crl', '-in', list, '-noout', '-CAfile', ca.chainPath, '-verify'], {
        stdio: 'pipe',
      }).toString(),
    ).toBe('');
    const check = (certificate: Uint8Array): string => {
      const path = fileIn(folder, 'checked.der', certificate);
      const args = ['verify', '-x509_strict', '-crl_check', '-CAfile', ca.chainPath, '-CRLfile', list, path];
      return openssl(...args).toString();
    };
    expect(check(good.certificate)).toContain('OK');
    expect(() => check(bad.certificate)).toThrow(/certificate revoked/);
    await ledger.close();
  });

  it('lists what was perhaps signed: a reservation under signature that was given up', async () => {
    const line = makeLine(folder, ca);
    await release(line, ['C-1', 'C-2']);
    line.signer.tamper = () => {
      throw new Error('the token is gone');
    };
    await expect(line.issuer.issue(requestFor('C-1'))).rejects.toThrow(code('CA_UNAVAILABLE'));
    expect((await line.ledger.issuances.find('b1/C-1/1'))?.state).toBe('signing');
    await line.issuer.revoke({ serial: 'C-1' }, 'cessationOfOperation');
    const { certificateSerial } = (await line.ledger.issuances.find('b1/C-1/1'))!;
    const { crl } = await issueCrl(ca, line.ledger.withdrawals, new Date());
    expect(serialsOf(crl)).toEqual([certificateSerial]);
    await line.ledger.close();
  });

  it('lists only what its own CA signed', async () => {
    const path = join(folder, 'two-cas.db');
    const other = await makeCa(folder);
    const [first, second] = [openLine(path, ca), openLine(path, other)];
    await release(first, ['D-1', 'D-2']);
    await first.issuer.issue(requestFor('D-1'));
    await second.issuer.issue(requestFor('D-2'));
    for (const serial of ['D-1', 'D-2']) await first.issuer.revoke({ serial }, 'superseded');
    const lists = [
      await issueCrl(ca, first.ledger.withdrawals, new Date()),
      await issueCrl(other, first.ledger.withdrawals, new Date()),
    ];
    const serials = await Promise.all(
      ['b1/D-1/1', 'b1/D-2/1'].map(async (id) => (await first.ledger.issuances.find(id))!.certificateSerial),
    );
    expect(lists.map(({ crl, number }) => [number, serialsOf(crl)])).toEqual([
      [1, [serials[0]]],
      [1, [serials[1]]],
    ]);
    await Promise.all([first.ledger.close(), second.ledger.close()]);
  });

  it('is due at first, after each withdrawal, and when it is a week old', async () => {
    const { ledger, issuer } = makeLine(folder, ca);
    await release({ ledger }, ['E-1']);
    await issuer.issue(requestFor('E-1'));
    const now = new Date();
    expect(await isCrlDue(ca, ledger.withdrawals, now)).toBe(true);
    await issueCrl(ca, ledger.withdrawals, now);
    expect(await isCrlDue(ca, ledger.withdrawals, now)).toBe(false);
    expect(await isCrlDue(ca, ledger.withdrawals, new Date(now.getTime() + WEEK_MS))).toBe(true);
    for (const change of [
      () => ledger.withdrawals.hold('b1/E-1/1'),
      () => ledger.withdrawals.endHold('b1/E-1/1'),
      () => issuer.revoke({ serial: 'E-1' }, 'superseded'),
    ]) {
      await change();
      expect(await isCrlDue(ca, ledger.withdrawals, now)).toBe(true);
      await issueCrl(ca, ledger.withdrawals, now);
      expect(await isCrlDue(ca, ledger.withdrawals, now)).toBe(false);
    }
    await ledger.close();
  });

  it('with a wrong signature does not leave the signer', async () => {
    const line = makeLine(folder, ca);
    line.signer.tamper = (signature) => signature.map((octet, index) => (index === 5 ? octet ^ 1 : octet));
    const fault = issueCrl({ ...ca, signer: line.signer }, line.ledger.withdrawals, new Date());
    await expect(fault).rejects.toThrow(code('SIGNER_FAULT'));
    expect((await issueCrl(ca, line.ledger.withdrawals, new Date())).number).toBe(2);
    await line.ledger.close();
  });
});

describe('a ledger of the first version', () => {
  it('learns from its audit log when its issuances ended', async () => {
    const path = join(folder, 'first-version.db');
    const database = new DatabaseSync(path);
    database.exec(SQLITE_MIGRATIONS[0]!);
    database.exec(`
      INSERT INTO batch (batch_id, order_id, quota, reissue_quota) VALUES ('b1', 'PO-1', 1, 0);
      INSERT INTO released_serial (serial_folded, serial, batch_id, product) VALUES ('f-1', 'F-1', 'b1', 'sensor');
      INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, spki_sha256,
          cert_serial, not_before, not_after, tbs, kind, state, reason, reserved_at)
        VALUES ('r1', '', 'b1', 'f-1', 1, 'b', 'k', '40', '2026', '9999', x'30', 'first', 'revoked', 'keyCompromise', '2026');
      INSERT INTO audit VALUES (1, '{"at":"2026-01-02T03:04:05.678Z","event":"revoked","requestId":"r1"}', 'h1');
      INSERT INTO audit VALUES (2, '{"at":"2027-01-01T00:00:00.000Z","event":"signing","requestId":"r1"}', 'h2');
      PRAGMA user_version = 1`);
    database.close();
    const ledger = openSqliteLedger(path);
    expect((await ledger.issuances.find('r1'))?.endedAt).toBe('2026-01-02T03:04:05.678Z');
    await ledger.close();
  });
});
