import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import type { Product } from '../../provisioning/product.ts';
import type { BoardCertificate } from '../../provisioning/signing.ts';
import type { RegistryActivities } from '../../provisioning/registration.ts';
import type { OutboxEntry } from '../../registry/outbox.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import { freshTbs, makeCa, signTbs } from '../pki/leaf.ts';
import { FakeClock } from '../registry/outbox/fake-clock.ts';
import { ScriptedRegistry } from '../registry/outbox/scripted-registry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { asActivity } from './as-activity.ts';
import { registryParts } from './trust.ts';

const PRODUCT = { name: 'node', commonName: '{serial}', registries: ['erp', 'cloud'] } as unknown as Product;
const UNIT = { batchId: 'B', order: 'PO-1', serial: 'CL-1', product: 'node', attempt: 1 };
const FAILED = { unit: UNIT, step: 'verifyReadback', code: 'READ_BACK_DIFFERS' } as const;
const SPKI = 'a'.repeat(64);

interface Books {
  readonly registry: SqlRegistry;
  readonly books: RegistryActivities;
  /** A certificate of our CA for this serial, on a board. */
  readonly signed: (serial?: string) => Promise<BoardCertificate>;
  readonly withdrawn: () => Promise<OutboxEntry[]>;
}

/** A line whose product has a cloud that trusts the CA, and another registry. CL-1 and CL-2 are in a batch. */
async function openBooks(trusted = true): Promise<Books> {
  const folder = temporaryFolder();
  const registry = openRegistryFile(join(folder, 'registry.db'));
  onTestFinished(() => registry.close());
  const batch = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'a'.repeat(64) };
  async function* rows() {
    for (const serial of ['CL-1', 'CL-2']) yield { serial, product: 'node', attrs: {} };
  }
  await registry.importBatch({ ...batch, quantity: 2 }, rows());
  const [ca, stranger] = [await makeCa(folder), await makeCa(folder)];
  const deviceRegistries = [
    ['erp', false],
    ['cloud', true],
  ].map(([name, signedIsLive]) => {
    const guarantees = { signedIsLive: signedIsLive === true, canProbe: true };
    const cloud = Object.assign(new ScriptedRegistry(new FakeClock(), String(name)), { guarantees });
    return { registry: cloud, devicesPerSecond: 1 };
  });
  const parts = { products: [PRODUCT], issuers: ca.chain, deviceRegistries };
  return {
    registry,
    books: createRegistryActivities(registryParts(registry, folder, parts)),
    signed: async (serial = 'CL-1') => {
      const signer = trusted ? ca : stranger;
      const der = await signTbs(signer, await freshTbs(signer, serial));
      return { boardId: 'ab'.repeat(8), certificate: Buffer.from(der).toString('base64') };
    },
    withdrawn: () => registry.outbox.due('cloud', 8_000_000_000_000, 10),
  };
}

function entryOf({ boardId, certificate }: BoardCertificate): object {
  const certificateSha256 = createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('hex');
  return { act: 'withdraw', device: { serial: 'CL-1', boardId, certificateSha256 } };
}

it('withdraws what was signed for a unit that failed and is given up, where the CA is trusted', async () => {
  const { books, registry, signed, withdrawn } = await openBooks();
  const boardCertificate = await signed();
  const record = (input: object) =>
    asActivity(1, () => books.recordFailure({ ...FAILED, ...input }), 'unit/CL-1');
  expect(await record({ boardCertificate })).toEqual({});
  expect(await withdrawn()).toEqual([]);
  // Whoever ends it need not know what an earlier attempt was given.
  expect(await record({ outcome: 'HOLD' })).toEqual({});
  expect(await withdrawn()).toMatchObject([entryOf(boardCertificate)]);
  expect(await registry.outbox.depths()).toMatchObject([{ registry: 'cloud', waiting: 1 }]);
});

it('withdraws what the signer has signed for a unit that was terminated', async () => {
  const { books, signed, withdrawn } = await openBooks();
  const boardCertificate = await signed();
  const certificate = { requestId: 'r', serial: 'CL-1', attempt: 1, spkiSha256: SPKI, ...boardCertificate };
  const end = () => books.recordTermination({ batchId: 'B', serial: 'CL-1', certificate });
  for (let time = 0; time < 2; time += 1)
    expect(await asActivity(1, end)).toMatchObject({ outcome: 'ERROR', attempt: 1 });
  expect(await withdrawn()).toMatchObject([entryOf(boardCertificate)]);
});

it('withdraws what was signed for a unit that has ended already, and answers without the certificate', async () => {
  const { books, signed, withdrawn } = await openBooks();
  await asActivity(1, () => books.recordFailure({ ...FAILED, outcome: 'HOLD' }), 'unit/CL-1');
  const boardCertificate = await signed();
  const certificate = { requestId: 'r', serial: 'CL-1', attempt: 1, spkiSha256: SPKI, ...boardCertificate };
  const judged = await asActivity(1, () =>
    books.judgeCertificates({ batchId: 'B', certificates: [certificate] }),
  );
  expect(judged).toMatchObject({ passed: [], ended: [{ requestId: 'r', boardId: certificate.boardId }] });
  expect(JSON.stringify(judged)).not.toContain(boardCertificate.certificate);
  expect(await withdrawn()).toMatchObject([entryOf(boardCertificate)]);
  const another = await signed();
  const recall = () => books.recallUnit({ batchId: 'B', serial: 'CL-1', boardCertificate: another });
  expect(await asActivity(1, recall, 'unit/CL-1')).toMatchObject({ outcome: 'HOLD' });
  expect(await withdrawn()).toMatchObject([entryOf(boardCertificate), entryOf(another)]);
});

it.each([
  ['another CA signed', false, 'CL-1'],
  ['is of another unit', true, 'CL-2'],
])('withdraws nothing that %s, and the unit ends', async (_what, trusted, serial) => {
  const { books, registry, signed, withdrawn } = await openBooks(trusted);
  const boardCertificate = await signed(serial);
  const end = () => books.recordFailure({ ...FAILED, outcome: 'HOLD', boardCertificate });
  expect(await asActivity(1, end, 'unit/CL-1')).toEqual({});
  expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'HOLD' });
  expect(await withdrawn()).toEqual([]);
});
