import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openWitness, WITNESS_FILES } from '../../cli/witness/serve-witness.ts';
import { publishCrl } from '../../line/crl.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { ledgerFindings } from '../../line/unaltered-ledger.ts';
import type { WitnessPlace } from '../../line/remote-witness.ts';
import { auditVerifierPath } from '../../line/state-folder.ts';
import { code, requestFor } from '../pki/signing/signing-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { textSha256 } from '../../pki/orders/order.ts';
import { ca, ORDER, rewriteLog, signerOnDisk } from './signer-on-disk.ts';
import type { SignerOnDisk } from './signer-on-disk.ts';

const stale = (reason: string): unknown => code('LEDGER_STALE', reason);

interface RunningWitness {
  readonly folder: string;
  readonly place: WitnessPlace;
  readonly server: Server;
  /** Accepts the audit key of a signer. */
  readonly enroll: (signer: SignerOnDisk) => void;
}

async function runWitness(port = 0, folder = temporaryFolder()): Promise<RunningWitness> {
  const server = openWitness(folder).listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port: bound } = server.address() as AddressInfo;
  const key = readFileSync(join(folder, WITNESS_FILES.verifier), 'utf8').trim();
  return {
    folder,
    server,
    place: { url: `http://127.0.0.1:${bound}/`, key },
    enroll: ({ state }) => cpSync(auditVerifierPath(state), join(folder, WITNESS_FILES.signers)),
  };
}

/** A signer that has issued three of five certificates under a witness, and was killed. */
async function witnessed(): Promise<{ readonly signer: SignerOnDisk; readonly witness: RunningWitness }> {
  const [signer, witness] = [signerOnDisk(), await runWitness()];
  await signer.start();
  witness.enroll(signer);
  const { issue } = await signer.start(witness.place);
  for (const serial of ['CL-1', 'CL-2', 'CL-3']) await issue(serial);
  return { signer, witness };
}

describe('H6: a ledger that is restored within the minute after a kill', () => {
  it('is refused, and makes no sixth certificate of an order of five', async () => {
    const signer = signerOnDisk();
    const first = await signer.start();
    const restore = signer.backUp('signer/ledger.db');
    for (const serial of ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5']) await first.issue(serial);
    restore();
    await expect(signer.start()).rejects.toThrow(stale('older'));
  });

  it('is noticed by the signer that still runs, before the next signature', async () => {
    const signer = signerOnDisk();
    const { issue, sql, signer: key } = await signer.start();
    await issue('CL-1');
    await sql('DELETE FROM audit WHERE seq > 2');
    await expect(issue('CL-2')).rejects.toThrow(stale('exchanged'));
    expect(key.signatures).toBe(1);
  });
});

describe('H6: a ledger that is restored together with its witness file, under a witness on another host', () => {
  it('is refused: it has fewer entries than were signed there', async () => {
    const { signer, witness } = await witnessed();
    const restore = signer.backUp('signer');
    await (await signer.start(witness.place)).issue('CL-4');
    restore();
    await expect(signer.start(witness.place)).rejects.toThrow(stale('older'));
  });

  it('is refused: it went on in another way', async () => {
    const { signer, witness } = await witnessed();
    const restore = signer.backUp('signer');
    await (await signer.start(witness.place)).issue('CL-4');
    restore();
    const unwatched = await signer.start();
    await unwatched.issue('CL-5');
    await unwatched.ledger.orders.closeOrder('PO-1');
    await expect(signer.start(witness.place)).rejects.toThrow(stale('forked'));
  });
});

describe('H6: a copy of the state folder', () => {
  it('does not sign beside the other', async () => {
    const { signer, witness } = await witnessed();
    const copy = temporaryFolder();
    signer.backUp('signer');
    cpSync(signer.state, copy, { recursive: true });
    const [one, two] = [await signer.start(witness.place), await signer.start(witness.place, copy)];
    const outcomes = await Promise.allSettled([one.issue('CL-4'), two.issue('CL-5')]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(one.signer.signatures + two.signer.signatures).toBe(1);
    const again = await Promise.allSettled([one.issue('CL-4'), two.issue('CL-5')]);
    expect(again.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'LEDGER_STALE' },
    });
  });
});

describe('H6: a ledger that begins again', () => {
  const BEGIN = [
    'ledger.db',
    'ledger.db-wal',
    'ledger.db-shm',
    'audit.key.pem',
    'audit.pub',
    'audit.checkpoint',
  ];

  function beginAgain({ state }: SignerOnDisk, more: readonly string[] = []): void {
    for (const name of [...BEGIN, ...more]) rmSync(join(state, 'signer', name), { force: true });
  }

  it('is refused where the CA has published a list', async () => {
    const signer = signerOnDisk();
    const { ledger, issue } = await signer.start();
    await issue('CL-1');
    await publishCrl({ ca, ledger, stateFolder: signer.state });
    beginAgain(signer);
    await expect(signer.start()).rejects.toThrow(stale('begun-again'));
  });

  it('is refused by the witness on another host, whatever else was deleted', async () => {
    const { signer, witness } = await witnessed();
    beginAgain(signer, ['ca/crl.pem']);
    await expect(signer.start(witness.place)).rejects.toThrow(code('WITNESS_UNAVAILABLE', 'key'));
  });
});

describe('a witness on another host', () => {
  it('that does not answer stops signing until it is back', async () => {
    const { signer, witness } = await witnessed();
    const { issue, signer: key } = await signer.start(witness.place);
    const { port } = new URL(witness.place.url);
    witness.server.closeAllConnections();
    await new Promise((resolve) => witness.server.close(resolve));
    await expect(issue('CL-4')).rejects.toThrow(code('WITNESS_UNAVAILABLE', 'connection'));
    expect(key.signatures).toBe(0);
    await runWitness(Number(port), witness.folder);
    await issue('CL-4');
    expect(key.signatures).toBe(1);
  });

  it('is believed only under its own key', async () => {
    const { signer, witness } = await witnessed();
    const other = await runWitness();
    const place = { ...witness.place, key: other.place.key };
    await expect(signer.start(place)).rejects.toThrow(code('WITNESS_UNAVAILABLE', 'signature'));
  });

  it('signs each group once, for all that wait', async () => {
    const { signer, witness } = await witnessed();
    const { issue } = await signer.start(witness.place);
    let asked = 0;
    witness.server.on('request', () => (asked += 1));
    await Promise.all(['CL-4', 'CL-5'].map(issue));
    expect(asked).toBeLessThanOrEqual(4);
  });
});

describe('H6: a ledger that was edited', () => {
  it.each([
    ['the quantity of an order', 'UPDATE purchase_order SET quantity = 10'],
    ['the end of an order', "UPDATE purchase_order SET closes = '9999-01-01T00:00:00.000Z'"],
    ['what an order has released', 'UPDATE purchase_order SET released = 0'],
    [
      'an order that was never signed',
      "INSERT INTO purchase_order (order_id, revision, sha256, signed_by, products, quantity, reissues, opens, closes, released, reissued) SELECT 'PO-2', revision, sha256, signed_by, products, quantity, reissues, opens, closes, 0, 0 FROM purchase_order",
    ],
    ['the quota of a batch', 'UPDATE batch SET quota = 9'],
    ['what a batch has used', 'UPDATE batch SET reserved = 0'],
    ['a batch that was taken back', "UPDATE batch SET withdrawn_at = '2026-01-01T00:00:00.000Z'"],
    [
      'a certificate that is gone',
      "PRAGMA foreign_keys = OFF; DELETE FROM issuance WHERE request_id = 'b1/CL-2/1'",
    ],
    [
      'a certificate that is gone, and its count',
      "DELETE FROM issuance WHERE request_id = 'b1/CL-2/1'; UPDATE batch SET reserved = reserved - 1",
    ],
    [
      'a certificate that is another',
      "UPDATE issuance SET certificate = x'30' WHERE request_id = 'b1/CL-2/1'",
    ],
    [
      'a certificate that is valid again',
      "UPDATE issuance SET ended_at = NULL, state = 'active' WHERE request_id = 'b1/CL-1/1'",
    ],
    [
      'a serial that is another',
      "PRAGMA foreign_keys = OFF; UPDATE released_serial SET serial = 'EVIL', serial_folded = 'evil' WHERE serial = 'CL-3'",
    ],
    [
      'a serial that was never released',
      "INSERT INTO released_serial (serial_folded, serial, batch_id, product) VALUES ('evil', 'EVIL', 'b1', 'sensor')",
    ],
    ['the key of a station', "UPDATE station SET verifier = 'evil'"],
    ['a station that was revoked', "UPDATE station SET state = 'enrolled'"],
    ['an earlier key of a station', "UPDATE station_key SET verifier = 'evil'"],
    ['the time of an earlier key', 'UPDATE station_key SET issuance_seq = 9'],
    ['an earlier key that was revoked', "UPDATE station_key SET state = 'revoked'"],
    ['an earlier key that never was', "INSERT INTO station_key VALUES (99, 'st-1', 'evil', 9, 'enrolled')"],
    ['a unit that ended', 'UPDATE released_serial SET withdrawn_attempt = 0'],
    ['the audit log', "UPDATE audit SET body = replace(body, 'CL-2', 'CL-9')"],
  ])('is refused: %s', async (_what, sql) => {
    const signer = signerOnDisk();
    const { issue, ledger } = await signer.start();
    for (const serial of ['CL-1', 'CL-2', 'CL-3']) await issue(serial);
    const endedKey = (await ledger.issuances.liveIssuance('CL-1'))!.spkiSha256;
    await ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'CL-1', attempt: 1, endedKey });
    for (const verifier of ['a+b+d', 'a+b+c'])
      await ledger.stations.admitStation({ stationId: 'st-1', verifier, perMinute: 60 });
    await ledger.stations.setStationState('st-1', 'revoked', 'stolen');
    await ledger.close();
    await signer.start();
    signer.edit(sql);
    await expect(signer.start()).rejects.toThrow(stale('altered'));
  });

  it('is refused even when the audit log was rewritten to match, with its key', async () => {
    const signer = signerOnDisk();
    const { issue, ledger } = await signer.start();
    await issue('CL-1');
    await ledger.close();
    const [signed, forged] = [textSha256(ORDER)!, textSha256({ ...ORDER, quantity: 50 })!];
    signer.edit(`UPDATE purchase_order SET quantity = 50, sha256 = '${forged}'`);
    rewriteLog(signer, (body) => body.replace('"quantity":5', '"quantity":50').replace(signed, forged));
    rmSync(join(signer.state, 'signer', 'audit.checkpoint'));
    await expect(signer.start()).rejects.toThrow(stale('witness-missing'));
    // With its key he signs a checkpoint too; a new key is as good.
    rmSync(join(signer.state, 'signer', 'audit.key.pem'));
    const again = await signer.start();
    await expect(again.issue('CL-2')).rejects.toThrow(code('ORDER_INVALID', 'revision'));
    expect(await ledgerFindings(again.ledger, orderSourcesOf(signer.state, {}))).toEqual([
      'revision 1 of the order PO-1 is not the one that is signed',
    ]);
  });

  it('is not believed by a signer that runs, when it reads the order again', async () => {
    const signer = signerOnDisk();
    const { sql, issue } = await signer.start();
    await issue('CL-1');
    await sql('UPDATE purchase_order SET quantity = 50');
    const again = await signer.start().catch((error: unknown) => error);
    expect(again).toMatchObject({ code: 'LEDGER_STALE', reason: 'altered' });
  });
});

describe('a ledger that Certline alone changed', () => {
  it('starts after everything that can happen to it', async () => {
    const signer = signerOnDisk();
    const { issue, ledger, issuer } = await signer.start();
    for (const serial of ['CL-1', 'CL-2']) await issue(serial);
    await ledger.issuances.activate(['b1/CL-1/1']);
    const now = new Date().toISOString();
    const rework = { reworkId: 'rw-1', kind: 'rekey', askedAt: now, releasedAt: now } as const;
    const units = [{ serial: 'CL-1', product: 'sensor', batchId: 'b1', order: 'PO-1' }];
    await ledger.reworks.releaseRework({ ...rework, units });
    await issuer.issue(requestFor('CL-1', { attempt: 2 }));
    await ledger.issuances.activate(['b1/CL-1/2']);
    await ledger.issuances.endRework({ reworkId: 'rw-1', serial: 'CL-1', attempt: 2, revokesActive: false });
    await ledger.reworks.releaseRework({ ...rework, reworkId: 'rw-2', units });
    await ledger.issuances.endRework({ reworkId: 'rw-2', serial: 'CL-1', attempt: 2, revokesActive: false });
    await ledger.orders.releaseSerials({ batchId: 'b1', units: [{ serial: 'CL-3', product: 'sensor' }] });
    await ledger.furtherAttempts.returnSerials({ batchId: 'b1', serials: ['CL-3'], supplements: 0 });
    await ledger.withdrawals.hold('b1/CL-1/2');
    await ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'CL-2', attempt: 1 });
    await ledger.orders.withdrawBatch('b1', { reason: 'enough', by: 'A. Smith' });
    await ledger.auditLog.recordRefusal({ request: 'releaseUnits', code: 'ORDER_UNKNOWN' });
    await ledger.orders.closeOrder('PO-1');
    await ledger.close();
    const again = await signer.start();
    expect(await again.ledger.verification.findings()).toEqual([]);
    expect(await again.ledger.orders.batchesOf('PO-1')).toMatchObject([
      { quota: 5, returned: 3, serials: 2 },
    ]);
  });
});
