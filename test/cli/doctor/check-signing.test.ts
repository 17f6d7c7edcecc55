import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkOrders } from '../../../cli/doctor/check-orders.ts';
import type { Finding } from '../../../cli/doctor/finding.ts';
import type { OrderStanding } from '../../../pki/orders/order-policy.ts';
import { signOrder } from '../../../pki/orders/order.ts';
import type { Order } from '../../../pki/orders/order.ts';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import { loadStationKey } from '../../../pki/keys/station-key.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { ledgerPath, ordersFolder, releaseKeysPath, stationKeyPath } from '../../../line/state-folder.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = noteVerifierOf('acme-release', publicKey);
const NOW = new Date('2026-06-15T12:00:00.000Z');
const ANY = { signerNames: [], isStrict: false };

const orderOf = (order: string, changed: Partial<Order> = {}): Order => ({
  order,
  revision: 2,
  products: ['golioth-node'],
  quantity: 100,
  reissues: 10,
  opens: '2026-01-01T00:00:00.000Z',
  closes: '2026-12-31T00:00:00.000Z',
  ...changed,
});

/** Orders and the key that signs them, as a signer finds them. */
function sourcesWith(...orders: readonly Order[]): { folder: string; releaseKeys: string } {
  const { state } = newPlace();
  const [folder, releaseKeys] = [ordersFolder(state), releaseKeysPath(state)];
  mkdirSync(folder, { recursive: true });
  writeFileSync(releaseKeys, `# the OEM's\n${verifierText(key)}\n`);
  for (const order of orders)
    writeFileSync(join(folder, `${order.order}.order`), signOrder(order, key, privateKey));
  return { folder, releaseKeys };
}

const standing = (order: Order, changed: Partial<OrderStanding>): OrderStanding => ({
  ...order,
  sha256: '00',
  signedBy: 'acme-release',
  released: 0,
  reissued: 0,
  ...changed,
});

async function findingsOf(order: Order, known?: Partial<OrderStanding>): Promise<readonly Finding[]> {
  const sources = sourcesWith(order);
  const found = await checkOrders(sources, async () => known && standing(order, known), ANY, NOW);
  expect(found[0]).toMatchObject({ check: 'release keys', verdict: 'ok' });
  return found.filter(({ check }) => check.startsWith('order '));
}

describe('the doctor, on orders', () => {
  it.each([
    ['good', {}, undefined],
    ['good and used in part', {}, { released: 99 }],
    ['over and closed', { closes: '2026-02-01T00:00:00.000Z' }, { closedAt: '2026-02-02T00:00:00.000Z' }],
    ['used up and closed', {}, { released: 100, closedAt: '2026-02-02T00:00:00.000Z' }],
    ['not open yet', { opens: '2026-07-01T00:00:00.000Z' }, undefined],
    ['over in eight days', { closes: '2026-06-23T12:00:00.000Z' }, undefined],
  ])('says nothing of one that is %s', async (_name, changed, known) => {
    expect(await findingsOf(orderOf('PO-1', changed), known)).toEqual([]);
  });

  it.each([
    ['over', { closes: '2026-06-15T12:00:00.000Z' }, undefined, /^expired on .*certline order close PO-1/],
    ['over in six days', { closes: '2026-06-21T12:00:00.000Z' }, undefined, /^expires on .*longer revision/],
    ['used up', {}, { released: 100 }, /^is exhausted \(100 .*larger revision/],
    ['an earlier revision', {}, { revision: 3 }, /^is revision 2, and the signer knows 3: copy/],
  ])('warns of one that is %s', async (_name, changed, known, says) => {
    const found = await findingsOf(orderOf('PO-1', changed), known);
    expect(found).toEqual([{ check: 'order PO-1', verdict: 'warn', says: expect.stringMatching(says) }]);
  });

  it('counts them, and fails those that the signer would refuse', async () => {
    const sources = sourcesWith(orderOf('PO-1'), orderOf('PO-2'), orderOf('PO-3'));
    const path = join(sources.folder, 'PO-2.order');
    writeFileSync(path, readFileSync(path, 'utf8').replace('100', '900'));
    writeFileSync(join(sources.folder, 'PO-4.order'), readFileSync(join(sources.folder, 'PO-3.order')));
    writeFileSync(join(sources.folder, 'notes.txt'), 'not an order');
    const found = await checkOrders(sources, async () => undefined, ANY, NOW);
    expect(found.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['release keys', 'ok'],
      ['orders', 'ok'],
      ['order PO-2', 'fail'],
      ['order PO-4', 'fail'],
    ]);
    expect(found[1]!.says).toContain('4, of which 2 need no attention');
    expect(found[2]).toMatchObject({ reason: 'orderRefused' });
  });

  it('misses keys and orders, and names a line that is no key', async () => {
    const { state } = newPlace();
    const sources = { folder: ordersFolder(state), releaseKeys: releaseKeysPath(state) };
    const none = await checkOrders(sources, async () => undefined, ANY, NOW);
    expect(none.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['release keys', 'warn'],
      ['orders', 'warn'],
    ]);
    mkdirSync(join(state, 'signer'), { recursive: true });
    writeFileSync(sources.releaseKeys, `${verifierText(key)}\nacme+1234\n`);
    const [keys] = await checkOrders(sources, async () => undefined, ANY, NOW);
    expect(keys).toMatchObject({
      verdict: 'fail',
      reason: 'configuration',
      says: expect.stringMatching(/^Text line 2 of /),
    });
  });
});

interface Report {
  findings: Finding[];
}

async function stationsOf(place: Place): Promise<readonly Finding[]> {
  const { findings } = json(await place.certline('doctor', '--json')) as Report;
  return findings.filter(({ check }) => check.startsWith('station'));
}

/** A host with three stations in its configuration. */
function placeWithStations(): Place {
  const place = newPlace();
  const stations = ['st-1', 'st-2', 'st-3'].map((id) => ({
    id,
    sockets: [{ id: '1', port: `/dev/no-such-${id}`, product: PRODUCT.name }],
  }));
  place.configure({ inbox: place.inbox, products: [PRODUCT], stations });
  return place;
}

const admitted = (
  { state }: Place,
  id: string,
): { stationId: string; verifier: string; perMinute: number } => {
  const { verifier } = loadStationKey(stationKeyPath(state, id), id);
  return { stationId: id, verifier: verifierText(verifier), perMinute: 60 };
};

describe('the doctor, on stations', () => {
  it('says at the signer which are heeded, which are stopped, and which of this host nobody admitted', async () => {
    const place = placeWithStations();
    await place.certline('ca', 'init', '--development');
    await place.certline('station', 'enroll');
    const ledger = openSqliteLedger(ledgerPath(place.state));
    const other = generateKeyPairSync('ed25519').publicKey;
    const foreign = verifierText(noteVerifierOf('st-2', other));
    await ledger.stations.admitStation(admitted(place, 'st-1'));
    await ledger.stations.admitStation({ stationId: 'st-2', verifier: foreign, perMinute: 60 });
    await ledger.stations.admitStation({ stationId: 'far-1', verifier: foreign, perMinute: 60 });
    expect(await stationsOf(place)).toEqual([
      { check: 'stations', verdict: 'ok', says: 'the signer accepts requests from far-1, st-1, st-2' },
      {
        check: 'station st-2',
        verdict: 'fail',
        reason: 'signer',
        says: expect.stringContaining('another key'),
      },
      { check: 'station st-3', verdict: 'warn', says: expect.stringContaining('certline station enroll') },
    ]);
    await ledger.stations.admitStation(admitted(place, 'st-2'));
    await ledger.stations.admitStation(admitted(place, 'st-3'));
    await ledger.stations.setStationState('far-1', 'stopped', 'a key came twice');
    await ledger.stations.setStationState('st-3', 'revoked', 'left');
    expect(await stationsOf(place)).toEqual([
      { check: 'stations', verdict: 'ok', says: 'the signer accepts requests from st-1, st-2' },
      {
        check: 'station far-1',
        verdict: 'fail',
        reason: 'signer',
        says: expect.stringMatching(/a key came twice.*certline station release far-1/),
      },
      {
        check: 'station st-3',
        verdict: 'fail',
        reason: 'signer',
        says: expect.stringContaining('is revoked'),
      },
    ]);
    await ledger.close();
  });

  it('looks on another host at the keys of its own', async () => {
    const place = placeWithStations();
    expect((await stationsOf(place)).map(({ check, verdict }) => [check, verdict])).toEqual([
      ['station st-1', 'warn'],
      ['station st-2', 'warn'],
      ['station st-3', 'warn'],
    ]);
    await place.certline('station', 'enroll');
    chmodSync(stationKeyPath(place.state, 'st-2'), 0o644);
    expect(await stationsOf(place)).toMatchObject([
      { check: 'station st-2', verdict: 'fail', reason: 'configuration' },
    ]);
  });
});
