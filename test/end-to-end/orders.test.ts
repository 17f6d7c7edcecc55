import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { signOrder } from '../../pki/orders/order.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { verifierText, noteVerifierOf } from '../../pki/keys/signed-note.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { ledgerPath, ordersFolder, releaseKeysPath } from '../../line/state-folder.ts';
import { auditOf } from '../pki/signing/signing-line.ts';
import { until } from '../support/until.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

let rig: LineRig | undefined;
afterEach(() => rig?.end());

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = noteVerifierOf('oem', publicKey);

function putOrder({ folder }: LineRig, quantity: number, revision: number): void {
  const order = {
    order: 'PO-1',
    revision,
    products: ['golioth-node'],
    quantity,
    reissues: 5,
    opens: '2020-01-01T00:00:00.000Z',
    closes: '9999-12-31T23:59:59.000Z',
  };
  mkdirSync(ordersFolder(folder), { recursive: true });
  writeFileSync(join(ordersFolder(folder), 'PO-1.order'), signOrder(order, key, privateKey));
  writeFileSync(releaseKeysPath(folder), `${verifierText(key)}\n`);
}

describe('a line whose orders the OEM signs', () => {
  it('touches no board before the order is there and large enough, then goes on', async () => {
    rig = await startLineRig({ orders: 'by-oem', operator: { replaceFailed: false } });
    const waits = async (code: string): Promise<unknown> =>
      until(`the batch waits for ${code}`, async () => {
        const { attention } = await rig!.progress(batch);
        return attention.length === 4 && attention.every((waiting) => waiting.code === code);
      });
    rig.drop('lot.csv', manifest(4));
    const batch = await rig.batchOf('lot.csv');
    const rerun = (): Promise<unknown> =>
      rig!.line.client.workflow.getHandle(batchWorkflowId(batch.batchId)).executeUpdate('rerunFailed');
    await waits('ORDER_UNKNOWN');
    const onRecord = async (): Promise<number> =>
      (await rig!.line.registry.batchSummary(batch.batchId)).attention;
    await until('they are on record', async () => (await onRecord()) === 4);
    putOrder(rig, 3, 1);
    await rerun();
    await waits('QUOTA_EXCEEDED');
    expect(rig.boards.writtenKeys()).toEqual([]);
    putOrder(rig, 4, 2);
    await rerun();
    expect(await rig.closed('lot.csv')).toMatchObject({ state: 'closed' });
    expect(await rig.line.registry.batchSummary(batch.batchId)).toMatchObject({ passed: 4, attention: 0 });
    await rig.down();
    const ledger = openSqliteLedger(ledgerPath(rig.folder));
    const events = (await auditOf(ledger)).map(({ body }) => JSON.parse(body) as Record<string, string>);
    await ledger.close();
    const refused = events.filter(({ event }) => event === 'refused');
    expect(refused.map(({ request, code }) => [request, code])).toEqual([
      ['releaseUnits', 'ORDER_UNKNOWN'],
      ['releaseUnits', 'QUOTA_EXCEEDED'],
    ]);
    expect(events.filter(({ event }) => event === 'batch-released')).toHaveLength(1);
  });
});
