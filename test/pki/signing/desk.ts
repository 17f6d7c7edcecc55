import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import type { DeviceKey } from '../../../pki/keys/device-key.ts';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import type { StationKey } from '../../../pki/keys/station-key.ts';
import type { CertificateRecord } from '../../../provisioning/certificate-record.ts';
import type { ReportedPass } from '../../../provisioning/pass.ts';
import type { ReworkKind } from '../../../provisioning/rework.ts';
import type { ReleaseReworkInput, ReleaseUnitsInput } from '../../../provisioning/signing.ts';
import { signRelease, signRework } from '../../../pki/signing/intake-statements.ts';
import type { ReleaseStatement } from '../../../pki/signing/intake-statements.ts';
import { evidenceSha256, signPass } from '../../../pki/signing/pass-statement.ts';
import { signPermit } from '../../../pki/signing/permits.ts';
import { INTAKE } from '../../activities/trust.ts';
import { ensureRoleKey, ensureStationKey } from '../../../pki/keys/station-key.ts';
import type { Ledger } from '../../../pki/ledger/ledger.ts';
import { openLedgerFile } from '../../../pki/ledger/ledger-database.ts';
import type { IssuingCa } from '../../../pki/ca/issuing-ca.ts';
import { OrderDesk } from '../../../pki/orders/order-desk.ts';
import type { OrderSources, OrderTerms } from '../../../pki/orders/order-desk.ts';
import type { Order } from '../../../pki/orders/order.ts';
import type { IssuerParts } from '../../../pki/signing/issuer.ts';
import type { RequestStatement } from '../../../pki/signing/signed-request.ts';
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
/** The station that asks. */
export const STATION = ensureStationKey(join(folder, 'station.key.pem'), 'st-1');
/** A log whose checkpoints nobody reads. */
export const AUDIT_LOG = { name: 'certline-audit-0123456789abcdef', newest: () => 'a note' };
/** The signer's key for permits. */
export const PERMIT_KEY = ensureRoleKey(join(folder, 'permit.key.pem'), 'signer');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const oem = noteVerifierOf('oem', publicKey);

export interface Desk {
  readonly desk: SigningDesk;
  readonly ledger: Ledger;
  readonly signer: SigningLine['signer'];
  /** The CA of the desk. */
  readonly ca: IssuingCa;
  readonly sources: OrderSources;
  /** File of the ledger. */
  readonly database: string;
  /** Signs the order PO-1 with these changes, or another one, and puts it into the signer's folder. */
  readonly put: (changes?: Partial<Order>) => void;
}

const PO_1: Order = {
  order: 'PO-1',
  revision: 1,
  products: ['sensor'],
  quantity: 10,
  reissues: 5,
  opens: '2020-01-01T00:00:00.000Z',
  closes: '9999-12-31T23:59:59.000Z',
};

/**
 * A signing desk with an order for ten sensors, one enrolled station, and three serials of it released. Whatever a test does, at its
 * end the ledger is what its log says.
 */
export async function openDesk(terms?: OrderTerms, parts?: Partial<IssuerParts>): Promise<Desk> {
  const home = temporaryFolder();
  const sources = { folder: join(home, 'orders'), releaseKeys: join(home, 'release-keys') };
  mkdirSync(sources.folder);
  const put: Desk['put'] = (changes) => {
    const order = { ...PO_1, ...changes };
    writeFileSync(join(sources.folder, `${order.order}.order`), signOrder(order, oem, privateKey));
  };
  onTestFinished(async () => {
    const { ledger } = lineOver(openLedgerFile(join(home, 'ledger.db')), ca);
    expect(await ledger.verification.findings()).toEqual([]);
    await ledger.close();
  });
  put();
  writeFileSync(sources.releaseKeys, `${verifierText(oem)}\n`);
  const { desk, ledger, signer } = deskOver(join(home, 'ledger.db'), sources, { terms, parts });
  await ledger.stations.admitStation({
    stationId: 'st-1',
    verifier: verifierText(STATION.verifier),
    perMinute: 60,
  });
  const units = ['CL-1', 'CL-2', 'CL-3'].map((serial) => ({ serial, product: 'sensor' }));
  await desk.release(
    releaseOf({ batchId: 'b1', order: 'PO-1', manifestSha256: 'ab'.repeat(32), quantity: 3, units }),
  );
  return { desk, ledger, signer, ca, sources, put, database: join(home, 'ledger.db') };
}

/** Another signer of the same ledger, with a copy of its own of the folder of orders, as it is now. */
export function secondSigner({ sources, database }: Desk): Pick<Desk, 'desk' | 'ledger' | 'sources'> {
  const own = { ...sources, folder: join(temporaryFolder(), 'orders') };
  cpSync(sources.folder, own.folder, { recursive: true });
  return { ...deskOver(database, own), sources: own };
}

function deskOver(
  database: string,
  sources: OrderSources,
  { terms, parts }: { terms?: OrderTerms | undefined; parts?: Partial<IssuerParts> | undefined } = {},
): Pick<Desk, 'desk' | 'ledger' | 'signer'> {
  const { ledger, plainIssuer: issuer, signer } = lineOver(openLedgerFile(database), ca, parts);
  const stations = new StationGate(ledger.stations, ledger.stations.rates);
  const orders = new OrderDesk(sources, ledger.orders, terms);
  const intakes = () => [INTAKE.verifier];
  const deskParts = { stations, orders, issuer, ledger, permitKey: PERMIT_KEY, intakes };
  return { desk: new SigningDesk({ ...deskParts, log: AUDIT_LOG }), ledger, signer };
}

/** A release as the intake signs it. */
export function releaseOf(release: ReleaseStatement): ReleaseUnitsInput {
  return { ...release, signed: signRelease(release, INTAKE.privateKey) };
}

/** A rework of CL-1 as the intake signs it that a person asks for now. */
export function releaseReworkOf(kind: ReworkKind): ReleaseReworkInput {
  const said = { reason: 'old', by: 'A. Smith', askedAt: new Date().toISOString() };
  const asked = { reworkId: 'RW-1', kind, ...said, serials: ['CL-1'] };
  const units = [{ serial: 'CL-1', product: 'sensor', order: 'PO-1' }];
  return { ...asked, signed: signRework(asked, INTAKE.privateKey), units };
}

/** The word of station st-1 that the unit of a request passed with this certificate, in socket 1, without evidence. */
export function passOf(
  { statement }: SigningRequest,
  { certificateSha256 }: Pick<CertificateRecord, 'certificateSha256'>,
  by: StationKey = STATION,
): ReportedPass {
  const { requestId, attempt } = statement;
  const verifiedAt = new Date().toISOString();
  const at = { socket: '1', evidenceSha256: evidenceSha256({}) };
  const said = { stationId: 'st-1', attempt, verifiedAt, proven: 'read-back', ...at } as const;
  return { requestId, pass: signPass({ ...statement, certificateSha256 }, said, by.privateKey) };
}

/** What a station asks for, under a permit of the signer, signed by it. */
export function askFor(
  serial: string,
  key: DeviceKey = generateDeviceKey(),
  at: string = new Date().toISOString(),
  changes: Partial<RequestStatement> = {},
): SigningRequest {
  const unit = { batchId: 'b1', order: 'PO-1', serial, product: 'sensor', attempt: 1, ...changes };
  const { spkiSha256 } = key;
  const requestId = signingRequestId(unit, spkiSha256);
  const permit = unit.permit ?? signPermit(unit, PERMIT_KEY.privateKey);
  const place = { stationId: 'st-1', boardId: `board-of-${serial}` };
  const statement = { ...place, ...unit, requestId, spkiSha256, permit, at };
  return {
    statement,
    signature: signStatement(statement, STATION.privateKey),
    csr: key.createCsr({ serial }),
  };
}

/** A request with other contents, signed by the station like any other. */
export function signedByStation(request: SigningRequest, changes: Partial<RequestStatement>): SigningRequest {
  const statement = { ...request.statement, ...changes };
  return { ...request, statement, signature: signStatement(statement, STATION.privateKey) };
}
