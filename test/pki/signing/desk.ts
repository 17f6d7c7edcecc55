import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../../pki/keys/device-key.ts';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../../pki/keys/station-key.ts';
import type { Ledger } from '../../../pki/ledger/ledger.ts';
import { SqliteDatabase } from '../../../pki/ledger/sqlite-database.ts';
import { OrderDesk } from '../../../pki/orders/order-desk.ts';
import { signOrder } from '../../../pki/orders/order.ts';
import { signStatement } from '../../../pki/signing/signed-request.ts';
import { SigningDesk } from '../../../pki/signing/signing-desk.ts';
import type { SigningRequest } from '../../../pki/signing/signing-desk.ts';
import { StationGate } from '../../../pki/signing/station-gate.ts';
import { signingRequestId } from '../../../provisioning/signing-request-id.ts';
import { makeCa } from '../leaf.ts';
import { lineOver } from './signing-line.ts';
import type { SigningLine } from './signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const station = ensureStationKey(join(folder, 'station.key.pem'), 'st-1');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const oem = noteVerifierOf('oem', publicKey);

export interface Desk {
  readonly desk: SigningDesk;
  readonly ledger: Ledger;
  readonly signer: SigningLine['signer'];
}

/** A signing desk with an order for ten sensors, one enrolled station, and three serials of it released. */
export async function openDesk(): Promise<Desk> {
  const home = temporaryFolder();
  const sources = { folder: join(home, 'orders'), releaseKeys: join(home, 'release-keys') };
  mkdirSync(sources.folder);
  const window = { opens: '2020-01-01T00:00:00.000Z', closes: '9999-12-31T23:59:59.000Z' };
  const order = { order: 'PO-1', revision: 1, products: ['sensor'], quantity: 10, reissues: 5, ...window };
  writeFileSync(join(sources.folder, 'PO-1.order'), signOrder(order, oem, privateKey));
  writeFileSync(sources.releaseKeys, `${verifierText(oem)}\n`);
  const database = SqliteDatabase.open(join(home, 'ledger.db'));
  const { ledger, plainIssuer: issuer, signer } = lineOver(database, ca);
  await ledger.stations.admitStation({
    stationId: 'st-1',
    verifier: verifierText(station.verifier),
    perMinute: 60,
  });
  const stations = new StationGate(ledger.stations, ledger.stations.rates);
  const desk = new SigningDesk({ stations, orders: new OrderDesk(sources, ledger.orders), issuer, ledger });
  const units = ['CL-1', 'CL-2', 'CL-3'].map((serial) => ({ serial, product: 'sensor' }));
  await desk.release({ batchId: 'b1', order: 'PO-1', manifestSha256: 'ab'.repeat(32), quantity: 3, units });
  return { desk, ledger, signer };
}

/** What a station asks for, signed by it. */
export function askFor(
  serial: string,
  key: DeviceKey = generateDeviceKey(),
  at: string = new Date().toISOString(),
): SigningRequest {
  const unit = { batchId: 'b1', order: 'PO-1', serial, product: 'sensor', attempt: 1 };
  const { spkiSha256 } = key;
  const requestId = signingRequestId(unit, spkiSha256);
  const statement = { ...unit, requestId, stationId: 'st-1', boardId: `board-of-${serial}`, spkiSha256, at };
  return {
    statement,
    signature: signStatement(statement, station.privateKey),
    csr: key.createCsr({ serial }),
  };
}
