import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import {
  noteVerifierOf,
  openNote,
  parseVerifier,
  signNote,
  verifierText,
} from '../../../pki/keys/signed-note.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import type { BatchRow } from '../../../registry/registry.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { auditWitnessPath, crlPath, ledgerPath, registryPath } from '../../../line/state-folder.ts';
import { json, newPlace } from '../../support/certline.ts';
import type { Ended, Place } from '../../support/certline.ts';
import { issueInto } from '../issued-lot.ts';

interface Verified {
  entries: number;
  witnessed: number | null;
  problems: string[];
}

function sql(place: Place, text: string): void {
  const database = new DatabaseSync(ledgerPath(place.state));
  database.exec(text);
  database.close();
}

describe('certline audit', () => {
  it('witnesses, verifies and exports the log; whoever has an export and the public key needs no signer', async () => {
    const place = newPlace();
    expect(await place.certline('audit', 'verify')).toMatchObject({ status: 5 });
    await issueInto(place, ['CL-1', 'CL-2']);
    expect(await place.certline('audit', 'verify')).toMatchObject({ status: 33 });
    const checkpoint = await place.certline('audit', 'checkpoint');
    expect(checkpoint.stdout).toBe(readFileSync(auditWitnessPath(place.state), 'utf8'));
    const whole = await place.certline('audit', 'verify', '--json');
    expect(whole.status).toBe(0);
    expect(json(whole)).toMatchObject({ entries: 7, witnessed: 7, problems: [] });

    const folder = join(place.folder, 'lot-audit');
    expect(await place.certline('audit', 'export', folder)).toMatchObject({ status: 0, stderr: '' });
    expect(await place.certline('audit', 'export', folder)).toMatchObject({ status: 6 });
    const key = join(place.folder, 'pinned.pub');
    copyFileSync(join(folder, 'audit.pub'), key);
    rmSync(join(place.state, 'signer'), { recursive: true });
    const verify = (): Promise<Ended> => place.certline('audit', 'verify', folder, '--key', key, '--json');
    expect((json(await verify()) as Verified).problems).toEqual([]);
    const log = join(folder, 'audit.jsonl');
    const text = readFileSync(log, 'utf8');
    for (const [changed, problem] of [
      [text.replace('CL-2', 'CL-9'), 'does not follow'],
      [text.split('\n').slice(0, -2).join('\n'), 'without the one that its checkpoint'],
      [text.replace(/^.*\n/, ''), 'entry 1 does not follow'],
    ] as const) {
      writeFileSync(log, changed);
      const broken = await verify();
      expect(broken.status).toBe(33);
      expect((json(broken) as Verified).problems.join()).toContain(problem);
    }
    writeFileSync(log, text);
    appendFileSync(join(folder, 'audit.checkpoint'), 'x');
    expect(await verify()).toMatchObject({ status: 33 });
  });

  it('does not believe the key that comes with an export, and says so', async () => {
    const place = newPlace();
    await issueInto(place, ['CL-1']);
    await place.certline('audit', 'checkpoint');
    const folder = join(place.folder, 'lot-audit');
    await place.certline('audit', 'export', folder);
    const [pub, note] = [join(folder, 'audit.pub'), join(folder, 'audit.checkpoint')];
    const key = readFileSync(pub, 'utf8').trim();
    const whole = await place.certline('audit', 'verify', folder);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    expect(whole.stdout).toContain(`compare all of it with the audit.pub of the signer.\n${key}\n`);
    expect(json(await place.certline('audit', 'verify', folder, '--json'))).toMatchObject({ key });
    const pinned = join(place.folder, 'pinned.pub');
    copyFileSync(pub, pinned);
    expect((await place.certline('audit', 'verify', folder, '--key', pinned)).stdout).not.toContain(
      'compare',
    );
    // Somebody else signs what they like under the name of the signer.
    const { privateKey } = generateKeyPairSync('ed25519');
    const other = noteVerifierOf(parseVerifier(key)!.name, privateKey);
    const text = openNote(readFileSync(note, 'utf8'), parseVerifier(key)!)!;
    writeFileSync(pub, verifierText(other));
    writeFileSync(note, signNote(text, other, privateKey));
    const forged = await place.certline('audit', 'verify', folder);
    expect(forged).toMatchObject({
      status: 33,
      stdout: expect.stringContaining('not an audit key under its own name'),
    });
    expect(forged.stdout).not.toContain('The log is whole');
    expect(await place.certline('audit', 'verify', folder, '--key', pinned)).toMatchObject({ status: 33 });
  });

  it('refuses to witness an older ledger until a person accepts the loss, which stays on record', async () => {
    const place = newPlace();
    await issueInto(place, ['CL-1']);
    await place.certline('audit', 'checkpoint');
    // As it was before the certificate was stored.
    sql(place, "UPDATE issuance SET state = 'signing', certificate = NULL");
    sql(place, 'DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)');
    const refused = await place.certline('audit', 'checkpoint');
    expect(refused).toMatchObject({ status: 33, stdout: '' });
    expect(refused.stderr).toMatch(/^certline: The ledger does not match its witness file.*--accept-loss/);
    for (const command of ['crl', 'prove'])
      expect(await place.certline('ca', command, ...(command === 'prove' ? ['A1'] : []))).toMatchObject({
        status: 33,
        stdout: '',
      });
    expect(existsSync(crlPath(place.state))).toBe(false);
    expect(await place.certline('audit', 'checkpoint', '--accept-loss')).toMatchObject({ status: 0 });
    expect(json(await place.certline('audit', 'verify', '--json'))).toMatchObject({ problems: [] });
    const ledger = openSqliteLedger(ledgerPath(place.state));
    let last = '';
    for await (const { body } of ledger.auditLog.auditEntries()) last = body;
    await ledger.close();
    expect(JSON.parse(last)).toMatchObject({ event: 'loss-accepted', witnessedSize: 5 });
    rmSync(auditWitnessPath(place.state));
    expect(await place.certline('audit', 'checkpoint')).toMatchObject({ status: 33 });
    expect(existsSync(auditWitnessPath(place.state))).toBe(false);
    expect(await place.certline('audit', 'checkpoint', '--accept-loss')).toMatchObject({ status: 0 });
  });
});

async function* rowsOf(serials: readonly string[]): AsyncGenerator<BatchRow> {
  for (const serial of serials) yield { serial, product: 'golioth-node', attrs: {} };
}

/** A lot of which CL-1 passed and is active in both books. */
async function passedLot(place: Place): Promise<void> {
  const [issued] = await issueInto(place, ['CL-1', 'CL-2']);
  const ledger = openSqliteLedger(ledgerPath(place.state));
  await ledger.issuances.activate(['b1/CL-1/1']);
  await ledger.issuances.revoke('b1/CL-2/1', 'cessationOfOperation', 'a person');
  await ledger.close();
  const registry = openRegistryFile(registryPath(place.state));
  const batch = {
    batchId: 'b1',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'ab'.repeat(32),
    quantity: 2,
  };
  await registry.importBatch(batch, rowsOf(['CL-1', 'CL-2']));
  await registry.registerUnit({
    ...issued!,
    batchId: 'b1',
    serial: 'CL-1',
    attempt: 1,
    boardId: 'beef',
    stationId: 'station-1',
    socket: 'a',
    startedAt: '2026-01-01T00:00:00.000Z',
    verifiedAt: '2026-01-01T00:00:00.000Z',
    evidence: {},
  });
  await registry.closeBatch('b1');
  await registry.close();
}

describe('certline audit reconcile', () => {
  it('finds no difference in an honest lot', async () => {
    const place = newPlace();
    await passedLot(place);
    const done = await place.certline('audit', 'reconcile');
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(done.stdout).toBe(
      '2 signatures, 2 ledger rows, 9 audit entries, 1 registered certificates, 2 manifest rows\nNo difference.\n',
    );
  });

  it.each([
    ["UPDATE issuance SET state = 'issued' WHERE request_id = 'b1/CL-2/1'", ['state-differs', 'unfinished']],
    [
      "UPDATE issuance SET state = 'issued' WHERE request_id = 'b1/CL-1/1'",
      ['state-differs', 'not-activated'],
    ],
    ["DELETE FROM issuance WHERE request_id = 'b1/CL-2/1'", ['ledger-missing']],
    ["DELETE FROM audit WHERE body LIKE '%b1/CL-2/1%'", ['audit-missing']],
    [
      "DELETE FROM audit WHERE body LIKE '%signing%b1/CL-1/1%' OR body LIKE '%b1/CL-1/1%signing%'",
      ['content-differs', 'signature-unaudited'],
    ],
    ["UPDATE issuance SET tbs = x'3000' WHERE request_id = 'b1/CL-2/1'", ['content-differs']],
    ["UPDATE issuance SET certificate = x'3000' WHERE request_id = 'b1/CL-2/1'", ['certificate-differs']],
    [
      "UPDATE issuance SET certificate = x'3000' WHERE request_id = 'b1/CL-1/1'",
      ['certificate-differs', 'active-not-registered', 'registered-not-issued'],
    ],
    [
      "UPDATE issuance SET held_at = '2026-01-01' WHERE request_id = 'b1/CL-1/1'",
      ['registered-but-withdrawn'],
    ],
    ["UPDATE released_serial SET serial = 'CL-9' WHERE serial = 'CL-2'", ['not-in-manifest']],
  ])('names what %s does', async (text, codes) => {
    const place = newPlace();
    await passedLot(place);
    sql(place, text);
    const found = await place.certline('audit', 'reconcile', '--json');
    expect(found.status).toBe(33);
    const { differences } = json(found) as { differences: { code: string }[] };
    const named = differences.map(({ code }) => code).filter((each) => each !== 'ledger-altered');
    expect(named).toEqual(codes);
  });

  it('counts against the orders that are in the audit log', async () => {
    const place = newPlace();
    await passedLot(place);
    sql(place, 'UPDATE purchase_order SET quantity = quantity + 1');
    const found = await place.certline('audit', 'reconcile', '--json');
    expect(found.status).toBe(33);
    expect(json(found)).toMatchObject({
      differences: [{ code: 'ledger-altered', detail: 'the order PO-1 has other terms than were signed' }],
    });
    expect((await place.certline('audit', 'verify')).stdout).toContain(
      'WRONG: the order PO-1 has other terms',
    );
  });

  it('says what to do: activate the certificate of a unit that passed, revoke that of one that did not', async () => {
    const place = newPlace();
    await passedLot(place);
    sql(place, "UPDATE issuance SET state = 'issued', ended_at = NULL, reason = NULL");
    const found = await place.certline('audit', 'reconcile', '--json');
    const { differences } = json(found) as { differences: { what: string; detail: string }[] };
    const detailOf = (serial: string) => differences.findLast(({ what }) => what.startsWith(serial))?.detail;
    expect(detailOf('CL-1')).toBe(
      'PASS, registered, not activated: run "certline batch recover b1"; if that changes nothing, its station was stopped or revoked ("certline station list"): let it work again with the same key, or revoke the certificate with "certline cert revoke CL-1 --reason keyCompromise"',
    );
    expect(detailOf('CL-2')).toBe(
      'is issued, and its batch is closed without a PASS: revoke it with "certline cert revoke CL-2 --reason cessationOfOperation"',
    );
  });
});
