import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import type { CertificateRecord } from '../../../provisioning/certificate-record.ts';
import type { Ledger } from '../../../pki/ledger/ledger.ts';
import type { SigningDesk, SigningRequest } from '../../../pki/signing/signing-desk.ts';
import { verifierText } from '../../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../../pki/keys/station-key.ts';
import type { StationKey } from '../../../pki/keys/station-key.ts';
import { signStatement } from '../../../pki/signing/signed-request.ts';
import { askFor, openDesk, passOf, releaseOf, STATION } from './desk.ts';
import type { ReportedPass } from '../../../provisioning/pass.ts';
import { auditOf, code } from './signing-line.ts';
import { signEnded } from '../../../pki/signing/intake-statements.ts';
import { INTAKE } from '../../activities/trust.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** Asks now, by every clock. */
async function sign(desk: SigningDesk, request: SigningRequest): Promise<CertificateRecord> {
  const now = new Date();
  return await desk.sign(request, { askedAt: now, now });
}

async function refusalsIn(ledger: Ledger): Promise<Record<string, unknown>[]> {
  const events = (await auditOf(ledger)).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return events.filter(({ event }) => event === 'refused');
}

describe('SigningDesk.sign', () => {
  it('signs what an enrolled station asks for, and gives the same bytes again', async () => {
    const { desk, signer } = await openDesk();
    const request = askFor('CL-1');
    const first = await sign(desk, request);
    expect(await sign(desk, request)).toEqual(first);
    expect(signer.signatures).toBe(1);
  });

  it('signs no other key than the one the station signed for', async () => {
    const { desk, signer, ledger } = await openDesk();
    const csr = generateDeviceKey().createCsr({ serial: 'CL-1' });
    await expect(sign(desk, { ...askFor('CL-1'), csr })).rejects.toThrow(code('REQUEST_INVALID', 'key'));
    expect(signer.signatures).toBe(0);
    expect((await refusalsIn(ledger)).at(-1)).toMatchObject({
      event: 'refused',
      code: 'REQUEST_INVALID',
      serial: 'CL-1',
    });
  });

  it('refuses a request signed with a wrong clock', async () => {
    const { desk, signer } = await openDesk();
    const ahead = new Date(Date.now() + 6 * 60_000).toISOString();
    await expect(sign(desk, askFor('CL-1', undefined, ahead))).rejects.toThrow(code('STATION_CLOCK'));
    expect(signer.signatures).toBe(0);
    await sign(desk, askFor('CL-1'));
  });

  it.each([
    ['no signature', { signature: undefined }, 'REQUEST_UNSIGNED'],
    ['a signature that is no text', { signature: [] as never }, 'REQUEST_UNSIGNED'],
    ['a signature over another request', { signature: askFor('CL-2').signature }, 'REQUEST_INVALID'],
    ['a CSR that is none', { csr: new Uint8Array([0x30]) }, 'CSR_REFUSED'],
  ])('refuses a request with %s, and says so in the audit log', async (_name, change, refusal) => {
    const { desk, signer, ledger } = await openDesk();
    await expect(sign(desk, { ...askFor('CL-1'), ...change })).rejects.toThrow(code(refusal));
    expect(signer.signatures).toBe(0);
    expect(await refusalsIn(ledger)).toMatchObject([{ request: 'signCertificate', code: refusal }]);
  });

  it('asks the station gate before it reads the CSR, and the CSR gate before it reads the order', async () => {
    const { desk } = await openDesk();
    const wrong = askFor('CL-1');
    const statement = { ...wrong.statement, order: 'PO-9' };
    const csr = new Uint8Array([0x30]);
    await expect(sign(desk, { statement, csr, signature: '' })).rejects.toThrow(code('REQUEST_INVALID'));
    await expect(sign(desk, { ...wrong, csr })).rejects.toThrow(code('CSR_REFUSED'));
  });

  it('counts neither a request that is sent again nor one that is refused against what a station may ask for', async () => {
    const { desk, ledger } = await openDesk();
    await ledger.stations.admitStation({
      stationId: 'st-1',
      verifier: verifierText(STATION.verifier),
      perMinute: 2,
    });
    const first = askFor('CL-1');
    for (let times = 0; times < 5; times++) await sign(desk, first);
    const { permit } = first.statement;
    const refused = askFor('CL-3', undefined, undefined, { permit });
    for (let times = 0; times < 5; times++)
      await expect(sign(desk, refused)).rejects.toThrow(code('PERMIT_INVALID'));
    await sign(desk, askFor('CL-2'));
    await expect(sign(desk, askFor('CL-3'))).rejects.toThrow(code('STATION_RATE'));
    await sign(desk, first);
  });

  it('keeps what is no text out of the audit log', async () => {
    const { desk, ledger } = await openDesk();
    const { statement, csr } = askFor('CL-1');
    const forged = { ...statement, boardId: { toString: 'x' } as never, batchId: 7 as never };
    await expect(sign(desk, { statement: forged, csr, signature: 'AA' })).rejects.toThrow(
      code('REQUEST_INVALID'),
    );
    const [refused] = await refusalsIn(ledger);
    expect(refused).toMatchObject({ serial: 'CL-1', code: 'REQUEST_INVALID', reason: '' });
    expect(Object.keys(refused!)).not.toEqual(expect.arrayContaining(['boardId']));
    expect(Object.keys(refused!)).not.toEqual(expect.arrayContaining(['batchId']));
  });

  it('stops a station whose key comes twice, until a person releases it', async () => {
    const { desk, ledger, signer } = await openDesk();
    const key = generateDeviceKey();
    await sign(desk, askFor('CL-1', key));
    await expect(sign(desk, askFor('CL-2', key))).rejects.toThrow(code('KEY_REUSED'));
    await expect(sign(desk, askFor('CL-3'))).rejects.toThrow(code('STATION_STOPPED'));
    expect(await ledger.stations.station('st-1')).toMatchObject({
      state: 'stopped',
      reason: 'the key of CL-2 came twice',
    });
    await ledger.stations.setStationState('st-1', 'enrolled', 'its clone was found');
    await sign(desk, askFor('CL-3'));
    expect(signer.signatures).toBe(2);
    const codes = (await refusalsIn(ledger)).map((refused) => refused['code']);
    expect(codes).toEqual(['KEY_REUSED', 'STATION_STOPPED']);
  });

  it('does not call it a refusal when the CA key cannot be used', async () => {
    const { desk, ledger, signer } = await openDesk();
    signer.tamper = () => {
      throw new Error('token gone');
    };
    await expect(sign(desk, askFor('CL-1'))).rejects.toThrow(code('CA_UNAVAILABLE'));
    expect(await refusalsIn(ledger)).toEqual([]);
  });
});

describe('SigningDesk.release', () => {
  it('refuses an order that nobody signed, and says so in the audit log', async () => {
    const { desk, ledger } = await openDesk();
    const units = [{ serial: 'CL-9', product: 'sensor' }];
    const batch = { batchId: 'b9', order: 'PO-9', manifestSha256: 'cd'.repeat(32), quantity: 1, units };
    await expect(desk.release(releaseOf(batch))).rejects.toThrow(code('ORDER_UNKNOWN'));
    expect(await refusalsIn(ledger)).toMatchObject([
      { request: 'releaseUnits', code: 'ORDER_UNKNOWN', batchId: 'b9', order: 'PO-9' },
    ]);
  });
});

describe('SigningDesk.askOrder', () => {
  it('answers as a release would, and books nothing', async () => {
    const { desk, ledger } = await openDesk();
    const question = {
      batchId: 'b9',
      order: 'PO-9',
      manifestSha256: 'cd'.repeat(32),
      quantity: 1,
      products: ['sensor'],
      open: [],
      units: [],
    };
    expect(await desk.askOrder(question)).toMatchObject({ status: 'refused', code: 'ORDER_UNKNOWN' });
    const known = await ledger.orders.orderStanding('PO-1');
    const left = known!.quantity - known!.released;
    const one = { ...question, order: 'PO-1', products: [known!.products[0]!] };
    expect(await desk.askOrder({ ...one, quantity: left })).toEqual({ status: 'allowed', listed: false });
    expect(await desk.askOrder({ ...one, quantity: left + 1 })).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    const open = [{ batchId: 'b8', quantity: 1 }];
    expect(await desk.askOrder({ ...one, quantity: left, open })).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    expect(await desk.askOrder({ ...one, products: ['strange'] })).toMatchObject({ code: 'ORDER_MISMATCH' });
    expect(await ledger.orders.orderStanding('PO-1')).toEqual(known);
    expect(await refusalsIn(ledger)).toEqual([]);
  });
});

const ENDED = { batchId: 'b1', serial: 'CL-1', attempt: 1 };

/** The intake's word that CL-1 ended with this key. */
const wordFor = (spkiSha256: string) => ({
  spkiSha256,
  signature: signEnded({ batchId: 'b1', serial: 'CL-1', spkiSha256 }, INTAKE.privateKey),
});

describe('SigningDesk.activate and withdraw', () => {
  it('names the certificates that cannot be activated, and activates the others', async () => {
    const { desk, ledger } = await openDesk();
    const requests = [askFor('CL-1'), askFor('CL-2')];
    const passes: ReportedPass[] = [];
    for (const request of requests) passes.push(passOf(request, await sign(desk, request)));
    const [withdrawn, kept] = passes as [ReportedPass, ReportedPass];
    await desk.withdraw(ENDED, wordFor(requests[0]!.statement.spkiSha256));
    const nobody = { requestId: 'nobody' };
    const refused = await desk.activate([withdrawn, kept, nobody]);
    expect(refused).toEqual([withdrawn.requestId, 'nobody']);
    expect(await ledger.issuances.find(kept.requestId)).toMatchObject({ state: 'active' });
    expect(await desk.activate([kept])).toEqual([]);
  });

  it('activates nothing that is signed while its pass is looked at', async () => {
    const { desk, ledger, signer } = await openDesk();
    const [held, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    signer.tamper = async (signature) => {
      begun.resolve();
      await held.promise;
      return signature;
    };
    const request = askFor('CL-1');
    const { requestId } = request.statement;
    const signing = sign(desk, request);
    await begun.promise;
    const find = ledger.issuances.findIssued.bind(ledger.issuances);
    ledger.issuances.findIssued = async (ids) => {
      const found = await find(ids);
      held.resolve();
      await signing;
      return found;
    };
    expect(await desk.activate([{ requestId }])).toEqual([requestId]);
    expect(await ledger.issuances.find(requestId)).toMatchObject({ state: 'issued' });
    expect(await desk.activate([passOf(request, await signing)])).toEqual([]);
    expect(await desk.activate([{ requestId }])).toEqual([]);
  });

  it('names the board of a unit whose certificate nobody has called active', async () => {
    const { desk } = await openDesk();
    const request = askFor('CL-1');
    const record = await sign(desk, request);
    await sign(desk, askFor('CL-2'));
    const { boardId, stationId, spkiSha256, requestId, attempt } = request.statement;
    const signed = { requestId, serial: 'CL-1', attempt, spkiSha256, boardId, stationId };
    expect(await desk.unfinished({ batchId: 'b1', serial: 'CL-1' })).toEqual({ certificates: [signed] });
    const certificate = Buffer.from(record.certificate).toString('base64');
    expect(await desk.unfinished({ batchId: 'b1', serial: 'CL-1', withCertificates: true })).toEqual({
      certificates: [{ ...signed, certificate }],
    });
    expect(await desk.unfinished({ batchId: 'b2', serial: 'CL-1' })).toEqual({ certificates: [] });
    await desk.withdraw(ENDED, wordFor(spkiSha256));
    expect(await desk.unfinished({ batchId: 'b1', serial: 'CL-1' })).toEqual({ certificates: [] });
  });

  it('signs nothing more for the attempt that was withdrawn', async () => {
    const { desk, signer } = await openDesk();
    await desk.withdraw(ENDED);
    await expect(sign(desk, askFor('CL-1'))).rejects.toThrow(code('CERTIFICATE_WITHDRAWN', 'unit'));
    expect(signer.signatures).toBe(0);
  });
});

describe('SigningDesk.activate, of a station with another key than when it signed', () => {
  const admitted = (key: StationKey) => ({
    stationId: 'st-1',
    verifier: verifierText(key.verifier),
    perMinute: 60,
  });

  it('believes the key that the station had when the certificate was signed, and none for what was signed later', async () => {
    const { desk, ledger } = await openDesk();
    const before = askFor('CL-1');
    const passed = passOf(before, await sign(desk, before));
    const key = newStationKey();
    await ledger.stations.admitStation(admitted(key));
    expect(await desk.activate([passed])).toEqual([]);
    expect(await ledger.issuances.find(passed.requestId)).toMatchObject({ state: 'active' });

    const after = askFor('CL-2');
    const signature = signStatement(after.statement, key.privateKey);
    const record = await sign(desk, { ...after, signature });
    const { requestId } = after.statement;
    expect(await desk.activate([passOf(after, record)])).toEqual([requestId]);
    expect(await desk.activate([passOf(after, record, key)])).toEqual([]);
  });

  it('believes each key that the station has had since the certificate was signed', async () => {
    const { desk, ledger } = await openDesk();
    const request = askFor('CL-1');
    const record = await sign(desk, request);
    const second = newStationKey();
    await ledger.stations.admitStation(admitted(second));
    await ledger.stations.admitStation(admitted(newStationKey()));
    const { requestId } = request.statement;
    expect(await desk.activate([passOf(request, record, newStationKey())])).toEqual([requestId]);
    expect(await desk.activate([passOf(request, record, second)])).toEqual([]);
  });

  it('believes no key of a station that was revoked, before it has another one and after that', async () => {
    const { desk, ledger } = await openDesk();
    const request = askFor('CL-1');
    const passed = passOf(request, await sign(desk, request));
    await ledger.stations.setStationState('st-1', 'revoked', 'its disk was stolen');
    expect(await desk.activate([passed])).toEqual([passed.requestId]);
    await ledger.stations.admitStation(admitted(newStationKey()));
    expect(await desk.activate([passed])).toEqual([passed.requestId]);
    await ledger.stations.admitStation(admitted(newStationKey()));
    expect(await desk.activate([passed])).toEqual([passed.requestId]);
  });

  it('believes a key again that was revoked, and then admitted again as it was', async () => {
    const { desk, ledger } = await openDesk();
    const request = askFor('CL-1');
    const passed = passOf(request, await sign(desk, request));
    await ledger.stations.setStationState('st-1', 'revoked', 'by mistake');
    await ledger.stations.admitStation(admitted(STATION));
    expect(await desk.activate([passed])).toEqual([]);
  });
});

function newStationKey(): StationKey {
  return ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st-1');
}
