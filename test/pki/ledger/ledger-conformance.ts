import { afterEach, describe, expect, it } from 'vitest';
import { judgeChain } from '../../../pki/audit/audit-chain.ts';
import type { SqlRow } from '../../../sql/row.ts';
import type { SqlDatabase } from '../../../sql/sql-database.ts';
import type { IssuingCa } from '../../../pki/ca/issuing-ca.ts';
import type { SignedOrder } from '../../../pki/orders/order.ts';
import { sha256Hex } from '../../../pki/x509/p256.ts';
import { StationRates } from '../../../pki/ledger/station-rates.ts';
import type { UnfinishedPage } from '../../../pki/signing/issuances.ts';
import { RELEASE, signedOrder } from '../orders/signed-orders.ts';
import { describeReworks } from './rework-conformance.ts';
import { describeWords } from './word-conformance.ts';
import { auditOf, code, lineOver, release, requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';

/** A database for one test: `open` connects to it, as often as there are processes. */
export interface LedgerUnderTest {
  open(): Promise<SqlDatabase>;
}

const BATCH = { ...RELEASE, batchId: 'b1', quantity: 2 };

function units(serials: readonly string[]): { serial: string; product: string }[] {
  return serials.map((serial) => ({ serial, product: 'sensor' }));
}

/** What every ledger must do, whatever database it stands on. `make` gives an empty database. */
export function describeLedger(ca: IssuingCa, make: () => Promise<LedgerUnderTest>): void {
  /** Lines of this test, as long as it changes none of them behind the ledger's back. */
  let unedited: SigningLine[] = [];

  async function newLine(): Promise<SigningLine> {
    const line = lineOver(await (await make()).open(), ca);
    unedited.push(line);
    const sql: SigningLine['sql'] = (text, ...values) => {
      if (!text.startsWith('SELECT')) unedited = unedited.filter((each) => each !== line);
      return line.sql(text, ...values);
    };
    return { ...line, sql };
  }

  afterEach(async () => {
    for (const { ledger } of unedited.splice(0)) expect(await ledger.verification.findings()).toEqual([]);
  });

  async function usedLine(): Promise<SigningLine> {
    const line = await newLine();
    await release(line, ['ACME-1', 'ACME-2']);
    await line.issuer.issue(requestFor('ACME-1'));
    return line;
  }

  describeReworks(newLine);
  describeWords(newLine);

  describe('releases', () => {
    it('are idempotent', async () => {
      const { ledger, sql } = await newLine();
      const list = [...units(['ACME-1']), { serial: 'ACME-2', product: 'sensor', boardId: 'beef' }];
      for (let time = 0; time < 2; time += 1) {
        await ledger.orders.admitOrder(signedOrder());
        await ledger.orders.releaseBatch(BATCH);
        await ledger.orders.releaseSerials({ batchId: 'b1', units: list });
      }
      expect(await sql('SELECT released FROM batch')).toEqual([{ released: 2 }]);
      expect(await auditOf(ledger)).toHaveLength(3);
      expect(await ledger.orders.orderStanding('PO-1')).toEqual({
        ...signedOrder(),
        released: 2,
        reissued: 0,
      });
    });

    it.each([
      ['another order', { order: 'PO-2' }],
      ['another quota', { quantity: 3 }],
      ['a quota of nothing', { batchId: 'b2', quantity: 0 }],
      ['half a quota', { batchId: 'b2', quantity: 1.5 }],
    ])('of a batch with %s are refused', async (_name, change) => {
      const { ledger } = await newLine();
      await ledger.orders.admitOrder(signedOrder());
      await ledger.orders.admitOrder(signedOrder({ order: 'PO-2' }));
      await ledger.orders.releaseBatch(BATCH);
      await expect(ledger.orders.releaseBatch({ ...BATCH, ...change })).rejects.toThrow(
        code('RELEASE_CONFLICT'),
      );
    });

    it.each([
      ['another product', { serial: 'ACME-1', product: 'pump' }],
      ['a board', { serial: 'ACME-1', product: 'sensor', boardId: 'beef' }],
      ['an invalid serial', { serial: 'acme-3', product: 'sensor' }],
    ])('of a serial with %s are refused, all of the list', async (_name, unit) => {
      const { ledger, sql } = await newLine();
      await ledger.orders.admitOrder(signedOrder());
      await ledger.orders.releaseBatch(BATCH);
      await ledger.orders.releaseSerials({ batchId: 'b1', units: units(['ACME-1']) });
      const refused = ledger.orders.releaseSerials({ batchId: 'b1', units: [...units(['ACME-2']), unit] });
      await expect(refused).rejects.toThrow(code('RELEASE_CONFLICT'));
      expect(await sql('SELECT serial FROM released_serial')).toEqual([{ serial: 'ACME-1' }]);
    });

    it('of an old serial in another batch, of an unknown batch, and beyond the quota are refused', async () => {
      const line = await newLine();
      await release(line, ['ACME-1', 'ACME-2']);
      await line.ledger.orders.releaseBatch({ ...BATCH, batchId: 'b2' });
      const releasing = (batchId: string, serials: string[]): Promise<void> =>
        line.ledger.orders.releaseSerials({ batchId, units: units(serials) });
      await expect(releasing('b2', ['ACME-1'])).rejects.toThrow(code('RELEASE_CONFLICT', 'serial'));
      await expect(releasing('b3', [])).rejects.toThrow(code('RELEASE_CONFLICT', 'batch'));
      await expect(releasing('b2', ['X1', 'X2', 'X3'])).rejects.toThrow(code('QUOTA_EXCEEDED', 'serials'));
      await releasing('b2', ['X1', 'X2']);
    });
  });

  describe('a unit that ended without a pass', () => {
    it('has no live certificate, and none that comes late', async () => {
      const line = await usedLine();
      const late = requestFor('ACME-2');
      const ended = { batchId: 'b1', serial: 'ACME-1', attempt: 1 };
      const { spkiSha256 } = (await line.ledger.issuances.liveIssuance('ACME-1'))!;
      // Without the word of an intake, or with that for another key, what is issued stays.
      for (const endedKey of [{}, { endedKey: 'another' }])
        await line.ledger.issuances.withdrawUnit({ ...ended, ...endedKey });
      expect(await line.sql('SELECT state FROM issuance')).toEqual([{ state: 'issued' }]);
      for (let time = 0; time < 2; time += 1) {
        await line.ledger.issuances.withdrawUnit({ ...ended, endedKey: spkiSha256 });
        await line.ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-2', attempt: 1 });
        await line.ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'NEVER-RELEASED', attempt: 1 });
      }
      expect(await line.sql('SELECT state FROM issuance')).toEqual([{ state: 'revoked' }]);
      await expect(line.issuer.issue(late)).rejects.toThrow(code('CERTIFICATE_WITHDRAWN', 'unit'));
      expect(line.signer.signatures).toBe(1);
      const further = line.issuer.issue(requestFor('ACME-2', { attempt: 2 }));
      await expect(further).rejects.toThrow(code('UNIT_ENDED'));
      const events = (await auditOf(line.ledger)).filter(({ body }) => body.includes('unit-withdrawn'));
      expect(events).toHaveLength(2);
    });

    it('loses no attempt that is still to come, and no certificate of a later one', async () => {
      const line = await usedLine();
      const { issuances } = line.ledger;
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-2', attempt: Number.MAX_SAFE_INTEGER });
      await expect(line.issuer.issue(requestFor('ACME-2'))).rejects.toThrow(
        code('CERTIFICATE_WITHDRAWN', 'unit'),
      );
      const ended = [{ serial: 'ACME-2', product: 'sensor', attempt: 1 }];
      const again = { batchId: 'b1', run: 'b1/supplement-1', releasedAt: RELEASE.releasedAt, units: ended };
      await line.ledger.furtherAttempts.releaseAttempts(again);
      await line.issuer.issue(requestFor('ACME-2', { attempt: 2 }));
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-2', attempt: 1 });
      expect(await issuances.liveIssuance('ACME-2')).toMatchObject({ attempt: 2, state: 'issued' });
    });

    it.each([
      ['is in another batch', { batchId: 'b2' }, 'batch'],
      ['is named with no attempt', { attempt: 0.5 }, 'attempt'],
      ['has an active certificate', {}, 'active'],
    ])('is not one that %s', async (_name, change, reason) => {
      const line = await usedLine();
      const { issuances } = line.ledger;
      if (reason === 'active') await issuances.activate(['b1/ACME-1/1']);
      const withdrawal = issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1, ...change });
      await expect(withdrawal).rejects.toThrow(code('WITHDRAWAL_REFUSED', reason));
      expect(await issuances.liveIssuance('ACME-1')).toBeDefined();
      const revoked = await issuances.revoke('b1/ACME-1/1', 'keyCompromise', 'the security engineer');
      expect(revoked).toMatchObject({ state: 'revoked' });
      expect(await issuances.revokedByHandSince('2020-01-01T00:00:00.000Z')).toBe(1);
      expect((await auditOf(line.ledger)).at(-1)!.body).toContain('"by":"the security engineer"');
    });

    it('ends a signature that is under way', async () => {
      const line = await newLine();
      await release(line, ['ACME-1']);
      line.signer.tamper = async (signature) => {
        await line.ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1 });
        return signature;
      };
      await expect(line.issuer.issue(requestFor('ACME-1'))).rejects.toThrow(code('CERTIFICATE_WITHDRAWN'));
      expect(await line.sql('SELECT state FROM issuance')).toEqual([{ state: 'revoked' }]);
    });
  });

  describe('a unit that runs again', () => {
    const AGAIN = { batchId: 'b1', run: 'b1/supplement-1', releasedAt: RELEASE.releasedAt } as const;
    const unit = (serial: string, attempt: number) => ({ serial, product: 'sensor', attempt });

    it('gets a certificate from the released attempt on, which a late end of the one before does not end', async () => {
      const line = await usedLine();
      const { issuances, furtherAttempts } = line.ledger;
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1 });
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-2', attempt: 1 });
      const further = { ...AGAIN, units: [unit('ACME-1', 1), unit('ACME-2', 2)], reason: 'why', by: 'who' };
      for (let time = 0; time < 2; time += 1) {
        expect(await furtherAttempts.releaseAttempts(further)).toEqual([
          { serial: 'ACME-1', attempt: 2, hasCertificate: true },
          { serial: 'ACME-2', attempt: 3, hasCertificate: false },
        ]);
      }
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1 });
      expect(await issuances.liveIssuance('ACME-1')).toMatchObject({ attempt: 2, state: 'issued' });
      const early = line.issuer.issue(requestFor('ACME-2', { attempt: 2 }));
      await expect(early).rejects.toThrow(code('CERTIFICATE_WITHDRAWN', 'unit'));
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 2 });
      const ended = line.issuer.issue(requestFor('ACME-1', { attempt: 3 }));
      await expect(ended).rejects.toThrow(code('UNIT_ENDED'));
      const events = (await auditOf(line.ledger)).filter(({ body }) => body.includes('attempts-released'));
      expect(events.map(({ body }) => JSON.parse(body))).toMatchObject([
        { batchId: 'b1', run: 'b1/supplement-1', count: 2, reason: 'why', by: 'who' },
      ]);
    });

    it('loses what is live of an earlier attempt at once', async () => {
      const line = await usedLine();
      await line.ledger.furtherAttempts.releaseAttempts({ ...AGAIN, units: [unit('ACME-1', 1)] });
      expect(await line.sql('SELECT attempt, state FROM issuance')).toEqual([
        { attempt: 1, state: 'revoked' },
      ]);
    });

    it('needs a reissue of its order, or all of them stay as they are', async () => {
      const line = await newLine();
      await release(line, ['ACME-1', 'ACME-2'], { reissueQuota: 1 });
      for (const serial of ['ACME-1', 'ACME-2']) {
        await line.issuer.issue(requestFor(serial));
        await line.ledger.issuances.withdrawUnit({ batchId: 'b1', serial, attempt: 1 });
      }
      const both = { ...AGAIN, units: [unit('ACME-1', 1), unit('ACME-2', 1)] };
      const refused = line.ledger.furtherAttempts.releaseAttempts(both);
      await expect(refused).rejects.toThrow(code('QUOTA_EXCEEDED', 'reissue'));
      await line.ledger.furtherAttempts.releaseAttempts({ ...AGAIN, units: [unit('ACME-1', 1)] });
      const other = line.issuer.issue(requestFor('ACME-2', { attempt: 2 }));
      await expect(other).rejects.toThrow(code('UNIT_ENDED'));
    });
  });

  describe('units that are given back', () => {
    it('are free for another batch, and their order has as many left', async () => {
      const line = await usedLine();
      const { orders, furtherAttempts } = line.ledger;
      const returned = {
        batchId: 'b1',
        serials: ['ACME-1', 'ACME-2'],
        supplements: 0,
        reason: 'wrong file',
        by: 'who',
      };
      for (let time = 0; time < 2; time += 1)
        expect(await furtherAttempts.returnSerials(returned)).toEqual(['ACME-1']);
      expect(await orders.orderStanding('PO-1')).toMatchObject({ released: 1 });
      await orders.releaseBatch({ ...BATCH, batchId: 'b2', quantity: 1 });
      await orders.releaseSerials({ batchId: 'b2', units: units(['ACME-2']) });
      await orders.releaseBatch(BATCH);
      await expect(orders.releaseSerials({ batchId: 'b1', units: units(['X1']) })).rejects.toThrow(
        code('QUOTA_EXCEEDED', 'serials'),
      );
      const events = (await auditOf(line.ledger)).filter(({ body }) => body.includes('serials-returned'));
      expect(events.map(({ body }) => JSON.parse(body))).toMatchObject([
        { batchId: 'b1', count: 1, reason: 'wrong file', by: 'who' },
      ]);
      expect(await furtherAttempts.returnSerials({ batchId: 'b9', serials: ['X1'], supplements: 0 })).toEqual(
        [],
      );
    });

    it('are not more than their batch has', async () => {
      const line = await usedLine();
      const { orders, furtherAttempts } = line.ledger;
      const strange = furtherAttempts.returnSerials({
        batchId: 'b1',
        serials: ['ACME-1', 'X1', 'X2'],
        supplements: 0,
      });
      await expect(strange).rejects.toThrow(code('RELEASE_CONFLICT', 'returned'));
      expect(await orders.orderStanding('PO-1')).toMatchObject({ released: 2 });
      await orders.withdrawBatch('b1', { reason: 'not ours', by: 'who' });
      expect(
        await furtherAttempts.returnSerials({ batchId: 'b1', serials: ['ACME-2'], supplements: 0 }),
      ).toEqual([]);
      expect(await orders.orderStanding('PO-1')).toMatchObject({ released: 1 });
    });

    it('of a batch that was never released use nothing of the order when others of it run again', async () => {
      const { ledger, issuer } = await newLine();
      const { orders, furtherAttempts } = ledger;
      await orders.admitOrder(signedOrder({ quantity: 2 }));
      await orders.releaseBatch({ ...BATCH, batchId: 'b2', quantity: 1 });
      const serials = ['ACME-1', 'ACME-2'];
      for (let time = 0; time < 2; time += 1)
        expect(await furtherAttempts.returnSerials({ batchId: 'b1', serials, supplements: 0 })).toEqual([]);
      await orders.releaseBatch(BATCH);
      expect(await orders.orderStanding('PO-1')).toMatchObject({ released: 1 });
      const held = orders.releaseSerials({ batchId: 'b1', units: units(serials) });
      await expect(held).rejects.toThrow(code('RELEASE_CONFLICT', 'returned'));
      const again = { batchId: 'b1', run: 'b1/supplement-1', releasedAt: RELEASE.releasedAt };
      await furtherAttempts.releaseAttempts({ ...again, units: [{ ...units(['ACME-1'])[0]!, attempt: 0 }] });
      expect(await orders.orderStanding('PO-1')).toMatchObject({ released: 2 });
      await issuer.issue(requestFor('ACME-1'));
    });

    it('cannot be more than their batch has, if it is released later', async () => {
      const { ledger } = await newLine();
      await ledger.orders.admitOrder(signedOrder());
      const serials = ['ACME-1', 'ACME-2', 'ACME-3'];
      await ledger.furtherAttempts.returnSerials({ batchId: 'b1', serials, supplements: 0 });
      await expect(ledger.orders.releaseBatch(BATCH)).rejects.toThrow(code('RELEASE_CONFLICT', 'quota'));
    });

    it('stay where they have a certificate, also after a person took back the rest of their batch', async () => {
      const line = await usedLine();
      await line.ledger.orders.withdrawBatch('b1', { reason: 'not ours', by: 'who' });
      const serials = ['ACME-1', 'ACME-2'];
      const kept = line.ledger.furtherAttempts.returnSerials({ batchId: 'b1', serials, supplements: 0 });
      expect(await kept).toEqual(['ACME-1']);
    });

    it('need room in the order to run again', async () => {
      const line = await newLine();
      const { orders, furtherAttempts } = line.ledger;
      await orders.admitOrder(signedOrder({ quantity: 2 }));
      await orders.releaseBatch(BATCH);
      await furtherAttempts.returnSerials({ batchId: 'b1', serials: ['ACME-1', 'ACME-2'], supplements: 0 });
      await orders.releaseBatch({ ...BATCH, batchId: 'b2', quantity: 1 });
      const again = (serials: string[]) =>
        furtherAttempts.releaseAttempts({
          batchId: 'b1',
          run: 'b1/supplement-1',
          releasedAt: RELEASE.releasedAt,
          units: serials.map((serial) => ({ serial, product: 'sensor', attempt: 0 })),
        });
      await expect(again(['ACME-1', 'ACME-2'])).rejects.toThrow(code('QUOTA_EXCEEDED', 'order'));
      expect(await again(['ACME-1'])).toEqual([{ serial: 'ACME-1', attempt: 1, hasCertificate: false }]);
      expect(await orders.orderStanding('PO-1')).toMatchObject({ released: 2 });
      await line.issuer.issue(requestFor('ACME-1'));
      await expect(again(['ACME-2'])).rejects.toThrow(code('QUOTA_EXCEEDED', 'order'));
    });
  });

  describe('certificates that are neither active nor withdrawn', () => {
    it('are listed by batch, page by page', async () => {
      const line = await usedLine();
      await line.issuer.issue(requestFor('ACME-2'));
      const { issuances } = line.ledger;
      const serialsOf = ({ issuances: listed }: UnfinishedPage) => listed.map(({ serial }) => serial);
      const first = await issuances.unfinishedOf('b1', 0, 1);
      const second = await issuances.unfinishedOf('b1', first.next!, 1);
      expect([first, second].map(serialsOf)).toEqual([['ACME-1'], ['ACME-2']]);
      expect(await issuances.unfinishedOf('b1', second.next!, 1)).toEqual({ issuances: [] });
      expect(serialsOf(await issuances.unfinishedOf('b2', 0, 9))).toEqual([]);
      await issuances.activate([first.issuances[0]!.requestId]);
      const endedKey = second.issuances[0]!.spkiSha256;
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-2', attempt: 1, endedKey });
      expect(await issuances.unfinishedOf('b1', 0, 9)).toEqual({ issuances: [] });
    });
  });

  describe('a ledger that is compared with its audit log', () => {
    it('is what the log says, and is no longer once somebody edits it', async () => {
      const { ledger, issuer, sql } = await usedLine();
      await ledger.stations.admitStation({ stationId: 'st-1', verifier: 'a+b+c', perMinute: 60 });
      const endedKey = (await ledger.issuances.liveIssuance('ACME-1'))!.spkiSha256;
      await ledger.issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1, endedKey });
      await issuer.issue(requestFor('ACME-2'));
      await ledger.issuances.activate(['b1/ACME-2/1']);
      await ledger.auditLog.acceptClock({ reason: 'set', by: 'A. Smith' });
      expect(await ledger.verification.findings()).toEqual([]);
      await sql('UPDATE batch SET reserved = 0');
      await sql('UPDATE purchase_order SET quantity = quantity + 1');
      expect(await ledger.verification.findings()).toEqual([
        'the order PO-1 has other terms than were signed',
        'the batch b1 has another number of serials or certificates than by the audit log',
      ]);
    });

    it('is read as it was when that began, while others write', async () => {
      const database = await (await make()).open();
      const { ledger } = lineOver(database, ca);
      await ledger.orders.admitOrder(signedOrder());
      const sql = 'SELECT count(*) AS n FROM audit';
      const counts = await database.snapshot(async (transaction) => {
        const before = await transaction.get(sql);
        await ledger.orders.closeOrder('PO-1');
        return [before, await transaction.get(sql)];
      });
      expect(counts[1]).toEqual(counts[0]);
      expect((await ledger.auditLog.auditHead()).size).toBe(2);
    });
  });

  describe('stations', () => {
    it('get no more by asking two signers, or after a restart', async () => {
      const ledger = await make();
      const [one, other] = [await ledger.open(), await ledger.open()];
      const station = { stationId: 'st-1', verifier: 'v', perMinute: 12 };
      await lineOver(one, ca).ledger.stations.admitStation(station);
      const ask = (rates: StationRates): Promise<boolean[]> =>
        Promise.all(Array.from({ length: 10 }, () => rates.take(station, Date.UTC(2026, 0, 1))));
      const asked = await Promise.all([ask(new StationRates(one)), ask(new StationRates(other))]);
      expect(asked.flat().filter(Boolean)).toHaveLength(12);
      expect((await ask(new StationRates(one))).filter(Boolean)).toEqual([]);
    });

    it('have had the keys that were replaced since a request, but for those that others may have', async () => {
      const line = await newLine();
      const { stations } = line.ledger;
      const admit = (verifier: string, stationId = 'st-1'): Promise<void> =>
        stations.admitStation({ stationId, verifier, perMinute: 60 });
      await release(line, ['ACME-1', 'ACME-2']);
      for (const key of ['first', 'second']) await admit(key);
      await line.issuer.issue(requestFor('ACME-1', { stationId: 'st-1' }));
      await admit('second');
      for (const key of ['third', 'fourth']) await admit(key);
      await stations.setStationState('st-1', 'stopped', 'a key came twice');
      await admit('fifth');
      await stations.setStationState('st-1', 'revoked', 'stolen');
      await admit('sixth');
      for (const key of ['first', 'other']) await admit(key, 'st-2');
      await line.issuer.issue(requestFor('ACME-2', { stationId: 'st-1' }));
      expect(await stations.replacedKeys('b1/ACME-1/1')).toEqual(['second', 'third']);
      expect(await stations.replacedKeys('b1/ACME-2/1')).toEqual([]);
      expect(await stations.replacedKeys('nobody')).toEqual([]);
    });
  });

  describe('orders', () => {
    async function orderedLine(changes: Partial<SignedOrder>): Promise<SigningLine> {
      const line = await newLine();
      await line.ledger.orders.admitOrder(signedOrder(changes));
      return line;
    }

    it.each([
      ['that nobody admitted', {}, { order: 'PO-9' }, 'ORDER_UNKNOWN'],
      ['before its window', {}, { releasedAt: '2019-12-31T23:59:59.999Z' }, 'ORDER_NOT_OPEN'],
      ['at its end', { closes: RELEASE.releasedAt }, {}, 'ORDER_EXPIRED'],
      ['for another manifest', { manifestSha256: 'cd'.repeat(32) }, {}, 'ORDER_MISMATCH'],
      ['for fewer units', { quantity: 1 }, {}, 'QUOTA_EXCEEDED'],
    ] as const)('%s release nothing', async (_name, order, change, refusal) => {
      const { ledger, sql } = await orderedLine(order);
      await expect(ledger.orders.releaseBatch({ ...BATCH, ...change })).rejects.toThrow(code(refusal));
      expect(await sql('SELECT * FROM batch')).toEqual([]);
    });

    it('count over all their batches', async () => {
      const { ledger } = await orderedLine({ quantity: 3 });
      await ledger.orders.releaseBatch(BATCH);
      const second = { ...BATCH, batchId: 'b2' };
      await expect(ledger.orders.releaseBatch(second)).rejects.toThrow(code('QUOTA_EXCEEDED', 'order'));
      await ledger.orders.releaseBatch({ ...second, quantity: 1 });
      expect(await ledger.orders.orderStanding('PO-1')).toMatchObject({ quantity: 3, released: 3 });
      await ledger.orders.admitOrder(signedOrder({ revision: 2, quantity: 5 }));
      await ledger.orders.releaseBatch({ ...BATCH, batchId: 'b3' });
    });

    it('name their products', async () => {
      const { ledger, sql } = await orderedLine({ products: ['pump'] });
      await ledger.orders.releaseBatch(BATCH);
      const releasing = ledger.orders.releaseSerials({ batchId: 'b1', units: units(['ACME-1']) });
      await expect(releasing).rejects.toThrow(code('ORDER_MISMATCH', 'product'));
      expect(await sql('SELECT * FROM released_serial')).toEqual([]);
    });

    it('are changed only by a higher revision, and never below what is used', async () => {
      const { ledger } = await orderedLine({});
      await ledger.orders.releaseBatch(BATCH);
      const admit = (changes: Partial<SignedOrder>): Promise<void> =>
        ledger.orders.admitOrder(signedOrder(changes));
      await expect(admit({ quantity: 200 })).rejects.toThrow(code('ORDER_INVALID', 'revision'));
      await expect(admit({ revision: 2, quantity: 1 })).rejects.toThrow(code('ORDER_INVALID', 'below-use'));
      await admit({ revision: 3 });
      await expect(admit({ revision: 2 })).rejects.toThrow(code('ORDER_INVALID', 'revision'));
      await expect(admit({})).rejects.toThrow(code('ORDER_INVALID', 'revision'));
    });

    it('share their reissues among their batches', async () => {
      const line = await orderedLine({ reissues: 1 });
      for (const [batchId, serial] of [
        ['b1', 'ACME-1'],
        ['b2', 'ACME-2'],
      ] as const) {
        await line.ledger.orders.releaseBatch({ ...BATCH, batchId });
        await line.ledger.orders.releaseSerials({ batchId, units: units([serial]) });
        await line.issuer.issue(requestFor(serial, { batchId }));
      }
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      const second = requestFor('ACME-2', { batchId: 'b2', attempt: 2 });
      await expect(line.issuer.issue(second)).rejects.toThrow(code('QUOTA_EXCEEDED', 'reissue'));
      await line.ledger.orders.admitOrder(signedOrder({ revision: 2, reissues: 2 }));
      await line.issuer.issue(second);
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 2 });
    });

    it('that are closed release and sign nothing more, for good', async () => {
      const line = await usedLine();
      const signed = requestFor('ACME-2');
      const issued = await line.issuer.issue(signed);
      await line.ledger.orders.closeOrder('PO-1');
      await line.ledger.orders.closeOrder('PO-1');
      await expect(line.ledger.orders.releaseBatch({ ...BATCH, batchId: 'b2' })).rejects.toThrow(
        code('ORDER_CLOSED'),
      );
      await line.ledger.orders.admitOrder(signedOrder({ revision: 2 }));
      await expect(line.issuer.issue(requestFor('ACME-1', { attempt: 2 }))).rejects.toThrow(
        code('ORDER_CLOSED'),
      );
      expect(await line.issuer.issue(signed)).toEqual(issued);
      await expect(line.ledger.orders.closeOrder('PO-9')).rejects.toThrow(code('ORDER_UNKNOWN'));
    });

    it('of batches from before the ledger knew orders count when they come', async () => {
      const line = await usedLine();
      await line.sql('DELETE FROM purchase_order');
      const next = requestFor('ACME-2');
      await expect(line.issuer.issue(next)).rejects.toThrow(code('ORDER_UNKNOWN'));
      await expect(line.ledger.orders.admitOrder(signedOrder({ quantity: 1 }))).rejects.toThrow(
        code('ORDER_INVALID', 'below-use'),
      );
      await line.ledger.orders.admitOrder(signedOrder());
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ released: 2 });
      await line.issuer.issue(next);
    });

    it('leave each refusal in the audit log, cut short', async () => {
      const { ledger } = await newLine();
      await ledger.auditLog.recordRefusal({
        request: 'releaseUnits',
        code: 'ORDER_UNKNOWN',
        order: 'X'.repeat(5_000),
      });
      const [entry] = await auditOf(ledger);
      const body = JSON.parse(entry!.body) as Record<string, string>;
      expect(body).toMatchObject({ event: 'refused', request: 'releaseUnits', code: 'ORDER_UNKNOWN' });
      expect(body['order']).toHaveLength(200);
    });
  });

  describe('the schema', () => {
    it('refuses by itself a second live certificate of a serial or board, a used key, a number used twice', async () => {
      const { sql, ...line } = await usedLine();
      const insert = async (changes: Record<string, string>): Promise<SqlRow[]> => {
        const { seq: _seq, ...known } = (await sql('SELECT * FROM issuance WHERE attempt = 1'))[0] ?? {};
        const row = { ...known, attempt: 2, request_id: 'x', ...changes };
        const columns = Object.keys(row);
        const places = columns.map(() => '?').join();
        return sql(`INSERT INTO issuance (${columns.join()}) VALUES (${places})`, ...Object.values(row));
      };
      const fresh = {
        serial_folded: 'acme-2',
        board_id: 'other',
        spki_sha256: 'other',
        cert_serial: 'other',
      };
      const defect = code('SIGNER_FAULT', 'constraint');
      for (const column of ['serial_folded', 'board_id', 'spki_sha256', 'cert_serial'] as const) {
        const { [column]: _same, ...others } = fresh;
        await expect(insert(others)).rejects.toThrow(defect);
      }
      await expect(insert({ ...fresh, serial_folded: 'never-released' })).rejects.toThrow(defect);
      await expect(insert({ ...fresh, state: 'unheard' })).rejects.toThrow(defect);
      await expect(insert({ ...fresh, state: 'signing' })).rejects.toThrow(defect);
      await expect(sql('UPDATE batch SET reserved = 9')).rejects.toThrow(defect);
      await insert(fresh);
      await line.ledger.close();
    });
  });

  describe('withdrawals', () => {
    it('are marked when only a reason changes, on a host whose clock is behind', async () => {
      const { ledger, issuer, sql } = await usedLine();
      for (const attempt of [2, 3]) await issuer.issue(requestFor('ACME-1', { attempt }));
      await sql(`UPDATE issuance SET ended_at = '2999-01-01T00:00:00.000Z' WHERE request_id = 'b1/ACME-1/2'`);
      const mark = await ledger.withdrawals.withdrawalMark();
      await issuer.revoke({ requestId: 'b1/ACME-1/1' }, 'keyCompromise');
      expect(await ledger.withdrawals.withdrawalMark()).not.toBe(mark);
      await ledger.close();
    });

    it('are listed, marked and numbered', async () => {
      const { ledger, issuer } = await usedLine();
      await issuer.issue(requestFor('ACME-2'));
      const marks = [await ledger.withdrawals.withdrawalMark()];
      await ledger.withdrawals.hold('b1/ACME-1/1');
      marks.push(await ledger.withdrawals.withdrawalMark());
      await issuer.revoke({ serial: 'ACME-2' }, 'keyCompromise');
      marks.push(await ledger.withdrawals.withdrawalMark());
      expect(new Set(marks).size).toBe(3);
      const reasons: string[] = [];
      for (const expected of [1, 2]) {
        await ledger.withdrawals.numberCrl('issuer', new Date(), (number, withdrawn) => {
          expect(number).toBe(expected);
          reasons.push(
            withdrawn
              .map(({ reason }) => reason)
              .sort()
              .join(),
          );
          return Buffer.from('tbs');
        });
      }
      expect(reasons).toEqual(Array(2).fill('certificateHold,keyCompromise'));
      expect(await ledger.withdrawals.latestCrl('issuer')).toMatchObject({ number: 2, mark: marks[2] });
      expect(await ledger.withdrawals.latestCrl('other')).toBeUndefined();
    });

    it('are found by every name of a certificate', async () => {
      const { ledger } = await usedLine();
      const { certificateSerial, certificate } = (await ledger.issuances.find('b1/ACME-1/1'))!;
      for (const name of [certificateSerial, sha256Hex(certificate!).toUpperCase()])
        expect((await ledger.issuances.issuanceOfCertificate(name))?.requestId).toBe('b1/ACME-1/1');
      expect(await ledger.issuances.issuanceOfCertificate('00'.repeat(32))).toBeUndefined();
      expect(await ledger.issuances.issuancesOf('acme-1')).toHaveLength(1);
    });
  });

  describe('two processes on one ledger', () => {
    it('give the same request the same bytes, the first stored', async () => {
      const database = await make();
      const [line, other] = [lineOver(await database.open(), ca), lineOver(await database.open(), ca)];
      await release(line, ['ACME-1']);
      const request = requestFor('ACME-1');
      const all = await Promise.all([line, other, line, other].map(({ issuer }) => issuer.issue(request)));
      expect(new Set(all.map(({ certificateSha256 }) => certificateSha256)).size).toBe(1);
      const stored = await other.issuer.find(request.requestId);
      expect(sha256Hex(stored!.certificate!)).toBe(all[0]!.certificateSha256);
    });

    it('let one of two requests of a serial win, and keep the quota between them', async () => {
      const database = await make();
      const processes = [lineOver(await database.open(), ca), lineOver(await database.open(), ca)];
      await release(processes[0]!, ['ACME-1', 'ACME-2'], { reissueQuota: 0 });
      const requests = Array.from({ length: 8 }, (_, index) =>
        requestFor(index < 4 ? 'ACME-1' : 'ACME-2', { requestId: `r${index}`, attempt: 1 }),
      );
      const results = await Promise.allSettled(
        requests.map((request, index) => processes[index % 2]!.issuer.issue(request)),
      );
      const refused = results
        .filter((result) => result.status === 'rejected')
        .map(({ reason }) => reason as unknown);
      expect(refused).toHaveLength(6);
      for (const reason of refused) expect(reason).toEqual(code('ALREADY_ISSUED'));
      const [line] = processes;
      expect(await line!.sql('SELECT reserved, reissued FROM batch')).toEqual([{ reserved: 2, reissued: 0 }]);
      expect((await judgeChain(line!.ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
    });
  });

  describe('many requests at once', () => {
    it('each get their own certificate, and a refused one disturbs no other', async () => {
      const line = await newLine();
      const serials = Array.from({ length: 30 }, (_, index) => `ACME-${index}`);
      await release(line, serials);
      const requests = [...serials, 'NEVER-RELEASED'].map((serial) => requestFor(serial));
      const results = await Promise.allSettled(requests.map((request) => line.issuer.issue(request)));
      const issued = results
        .filter((result) => result.status === 'fulfilled')
        .map(({ value }) => value.certificateSha256);
      expect(new Set(issued).size).toBe(30);
      expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: code('NOT_RELEASED') });
      expect(await line.sql('SELECT reserved, reissued FROM batch')).toEqual([{ reserved: 30, reissued: 0 }]);
      expect((await judgeChain(line.ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
    });
  });

  describe('the audit log', () => {
    it('has an intent before every signature', async () => {
      const { ledger, signer } = await usedLine();
      const entries = await auditOf(ledger);
      const events = entries.map(({ body }) => (JSON.parse(body) as { event: string }).event);
      expect(events.slice(0, 3)).toEqual(['order-admitted', 'batch-released', 'serials-released']);
      expect(events.slice(3)).toEqual(['signing', 'issued']);
      expect(signer.signatures).toBe(1);
      expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
    });

    it.each([
      ['changed', `UPDATE audit SET body = replace(body, 'ACME-1', 'ACME-9') WHERE seq = 4`, 4],
      ['removed', 'DELETE FROM audit WHERE seq = 2', 2],
      ['rewritten with a hash of its own', `UPDATE audit SET body = '{}', hash = 'x' WHERE seq = 4`, 4],
    ])('shows an entry that was %s', async (_name, text, seq) => {
      const { ledger, sql } = await usedLine();
      await sql(text);
      expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBe(seq);
    });

    it('is read whole, page by page', async () => {
      const { ledger, sql } = await usedLine();
      await sql(`WITH RECURSIVE more (seq) AS (SELECT 6 UNION ALL SELECT seq + 1 FROM more WHERE seq < 2106)
        INSERT INTO audit (seq, body, hash) SELECT seq, '', CAST(seq AS TEXT) FROM more`);
      const entries = await auditOf(ledger);
      expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 2106 }, (_, index) => index + 1));
    });
  });
}
