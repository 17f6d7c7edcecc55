import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ledgerPath, ordersFolder, releaseKeysPath } from '../../line/state-folder.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import { signOrder } from '../../pki/orders/order.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId, runIdOf } from '../../provisioning/workflow-ids.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { startSupplementWorkflow } from '../../workers/batch-start.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf, readEvidence } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 40;
const HEAD = 'order,serial,product\n';

let rig: LineRig;
let batch: BatchRecord;
let free: string[] = [];
beforeAll(async () => {
  rig = await startLineRig({ orders: 'by-oem', operator: { replaceFailed: true } });
  putOrder();
});
afterAll(() => rig?.end());

/** An order for just these units. */
function putOrder(): void {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = noteVerifierOf('oem', publicKey);
  const order = {
    order: 'PO-1',
    revision: 1,
    products: ['golioth-node'],
    quantity: UNITS,
    reissues: UNITS,
    opens: '2020-01-01T00:00:00.000Z',
    closes: '9999-12-31T23:59:59.000Z',
  };
  mkdirSync(ordersFolder(rig.folder), { recursive: true });
  writeFileSync(join(ordersFolder(rig.folder), 'PO-1.order'), signOrder(order, key, privateKey));
  writeFileSync(releaseKeysPath(rig.folder), `${verifierText(key)}\n`);
}

const answerOf = (name: string): string =>
  existsSync(join(rig.inbox, name)) ? readFileSync(join(rig.inbox, name), 'utf8') : '';

async function released(): Promise<number> {
  const ledger = openSqliteLedger(ledgerPath(rig.folder));
  const standing = await ledger.orders.orderStanding('PO-1');
  await ledger.close();
  return standing!.released;
}

it('a batch that is withdrawn in the middle keeps what was begun, and frees the rest', async () => {
  rig.drop('lot.csv', manifest(UNITS));
  batch = await rig.batchOf('lot.csv');
  await until('some passed', async () => (await rig.progress(batch)).passed >= 8);
  const handle = rig.line.client.workflow.getHandle(batchWorkflowId(batch.batchId));
  await handle.signal(MESSAGES.announceCancel, { reason: 'wrong column', by: 'A. Berg', withdraw: true });
  await handle.cancel();
  await handle.result().catch(() => undefined);
  const all = manifest(UNITS).match(/CL-\d+/g)!;
  const held = await rig.line.registry.registeredSerials(all.map((serial) => serial.toLowerCase()));
  const kept = new Set(held.map(({ key }) => key.toUpperCase()));
  free = all.filter((serial) => !kept.has(serial));
  expect(kept.size).toBeGreaterThanOrEqual(8);
  expect(free.length).toBeGreaterThanOrEqual(8);
  expect(await released()).toBe(kept.size);
  expect(await rig.line.registry.batchDecisions(batch.batchId)).toMatchObject([
    { verdict: 'withdraw', reason: 'wrong column', by: 'A. Berg' },
  ]);
});

it('the same file is not made again, and a corrected one is accepted under the same order', async () => {
  rig.drop('again.csv', manifest(UNITS));
  await until('it is refused', () => answerOf('again.rejected.csv').includes('MANIFEST_WITHDRAWN'));
  const some = free.slice(0, 4);
  rig.drop('fixed.csv', HEAD + some.map((serial) => `PO-1,${serial},golioth-node\n`).join(''));
  const fixed = await rig.closed('fixed.csv');
  expect(await rig.line.registry.batchSummary(fixed.batchId)).toMatchObject({ passed: 4 });
});

it('others of its units run again after all, as long as nobody else has their serials', async () => {
  const decision: Decision = { verdict: 'rerun', reason: 'needed', decidedAt: new Date().toISOString() };
  const { batchId, order, manifest: name, manifestSha256, quantity } = batch;
  const supplement = { number: 1, choice: { serials: free.slice(2, 7) }, decision };
  const input = { batchId, order, manifest: name, manifestSha256, quantity, window: 8, supplement };
  await startSupplementWorkflow(rig.line.client, input);
  const handle = rig.line.client.workflow.getHandle(batchWorkflowId(runIdOf(batchId, 1)));
  expect(await handle.result()).toMatchObject({ quantity: 3, passed: 3 });
});

it('registry, ledger, audit log, result files and boards agree', async () => {
  await rig.down();
  const places = placesOf(rig.folder, rig.inbox);
  expect(violations(places)).toEqual([]);
  const { manifests } = readEvidence(places);
  expect(manifests.find(({ name }) => name === 'lot.csv')!.result).toHaveLength(UNITS);
});
