import { mkdirSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';
import { describe, expect, it } from 'vitest';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../pki/keys/device-key.ts';
import { OrderDesk } from '../../pki/orders/order-desk.ts';
import { signOrder } from '../../pki/orders/order.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import { signStatement } from '../../pki/signing/signed-request.ts';
import { SqliteDatabase } from '../../pki/ledger/sqlite-database.ts';
import { StationGate } from '../../pki/signing/station-gate.ts';
import { StationRates } from '../../pki/ledger/station-rates.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import type { SignCertificateInput, SignedCertificate } from '../../provisioning/signing.ts';
import { signingRequestId } from '../../provisioning/signing-request-id.ts';
import { makeCa } from '../pki/leaf.ts';
import { temporaryFolder } from '../pki/openssl.ts';
import { auditOf, lineOver } from '../pki/signing/signing-line.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const station = ensureStationKey(join(folder, 'station.key.pem'), 'st-1');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const release = noteVerifierOf('oem', publicKey);

function asActivity<T>(step: () => Promise<T>): Promise<T> {
  const context = {
    info: { attempt: 1, scheduledTimestampMs: Date.now() },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return asyncLocalStorage.run(context as unknown as Context, step);
}

/** A signer with an order for ten sensors, and one enrolled station. */
async function newSigner() {
  const home = temporaryFolder();
  const sources = { folder: join(home, 'orders'), releaseKeys: join(home, 'release-keys') };
  mkdirSync(sources.folder);
  const window = { opens: '2020-01-01T00:00:00.000Z', closes: '9999-12-31T23:59:59.000Z' };
  const order = { order: 'PO-1', revision: 1, products: ['sensor'], quantity: 10, reissues: 5, ...window };
  writeFileSync(join(sources.folder, 'PO-1.order'), signOrder(order, release, privateKey));
  writeFileSync(sources.releaseKeys, `${verifierText(release)}\n`);
  const database = SqliteDatabase.open(join(home, 'ledger.db'));
  const { ledger, issuer, signer } = lineOver(database, ca);
  await ledger.admitStation({ stationId: 'st-1', verifier: verifierText(station.verifier), perMinute: 60 });
  const stations = new StationGate(ledger, new StationRates(database));
  const parts = { issuer, ledger, orders: new OrderDesk(sources, ledger), stations };
  const activities = createSignerActivities(parts);
  const units = ['CL-1', 'CL-2', 'CL-3'].map((serial) => ({ serial, product: 'sensor' }));
  const batch = { batchId: 'b1', order: 'PO-1', manifestSha256: 'ab'.repeat(32), quantity: 3, units };
  await asActivity(() => activities.releaseUnits(batch));
  const sign = (input: SignCertificateInput): Promise<SignedCertificate> =>
    asActivity(() => activities.signCertificate(input));
  return { ledger, signer, sign };
}

/** What a station asks for, signed by it. */
function requestFor(
  serial: string,
  key: DeviceKey = generateDeviceKey(),
  at = new Date().toISOString(),
): SignCertificateInput {
  const unit = { batchId: 'b1', order: 'PO-1', serial, product: 'sensor', attempt: 1 };
  const { spkiSha256 } = key;
  const claim = { stationId: 'st-1', socket: '1', boardId: `board-of-${serial}` };
  const requestId = signingRequestId(unit, spkiSha256);
  const statement = { ...unit, requestId, stationId: 'st-1', boardId: claim.boardId, spkiSha256, at };
  const signed = { at, signature: signStatement(statement, station.privateKey) };
  const csr = Buffer.from(key.createCsr({ serial })).toString('base64');
  return { requestId, unit, claim, csr, spkiSha256, signed };
}

const type = (code: string): unknown => expect.objectContaining({ type: code, nonRetryable: true });

describe('signCertificate', () => {
  it('signs what an enrolled station asks for, and gives the same bytes again', async () => {
    const { sign, signer } = await newSigner();
    const request = requestFor('CL-1');
    const first = await sign(request);
    expect(await sign(request)).toEqual(first);
    expect(signer.signatures).toBe(1);
  });

  it('signs no other key than the one the station signed for', async () => {
    const { sign, signer, ledger } = await newSigner();
    const csr = Buffer.from(generateDeviceKey().createCsr({ serial: 'CL-1' })).toString('base64');
    await expect(sign({ ...requestFor('CL-1'), csr })).rejects.toThrow(type('REQUEST_INVALID'));
    expect(signer.signatures).toBe(0);
    const last = (await auditOf(ledger)).at(-1)!.body;
    expect(JSON.parse(last)).toMatchObject({ event: 'refused', code: 'REQUEST_INVALID', serial: 'CL-1' });
  });

  it('leaves to a person a request signed with a wrong clock, which no repetition sets right', async () => {
    const { sign, signer } = await newSigner();
    const ahead = new Date(Date.now() + 6 * 60_000).toISOString();
    await expect(sign(requestFor('CL-1', undefined, ahead))).rejects.toThrow(type('STATION_CLOCK'));
    expect(signer.signatures).toBe(0);
    await sign(requestFor('CL-1'));
  });

  it.each([
    ['nothing of a station', { signed: undefined as never }, 'REQUEST_UNSIGNED'],
    ['garbage', { signed: { at: 7 as never, signature: [] as never } }, 'REQUEST_UNSIGNED'],
    ['a signature over another request', { signed: requestFor('CL-2').signed }, 'REQUEST_INVALID'],
  ])('refuses a request with %s', async (_name, change, code) => {
    const { sign, signer } = await newSigner();
    await expect(sign({ ...requestFor('CL-1'), ...change })).rejects.toThrow(type(code));
    expect(signer.signatures).toBe(0);
  });

  it('stops a station whose key comes twice, until a person releases it', async () => {
    const { sign, ledger, signer } = await newSigner();
    const key = generateDeviceKey();
    await sign(requestFor('CL-1', key));
    await expect(sign(requestFor('CL-2', key))).rejects.toThrow(type('KEY_REUSED'));
    await expect(sign(requestFor('CL-3'))).rejects.toThrow(type('STATION_STOPPED'));
    expect(await ledger.station('st-1')).toMatchObject({
      state: 'stopped',
      reason: 'the key of CL-2 came twice',
    });
    await ledger.setStationState('st-1', 'enrolled', 'its clone was found');
    await sign(requestFor('CL-3'));
    expect(signer.signatures).toBe(2);
    const events = (await auditOf(ledger)).map(({ body }) => JSON.parse(body) as Record<string, string>);
    expect(events.filter(({ event }) => event === 'refused').map(({ code }) => code)).toEqual([
      'KEY_REUSED',
      'STATION_STOPPED',
    ]);
  });
});
