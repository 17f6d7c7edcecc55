import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { signOrder } from '../../pki/orders/order.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { verifierText, noteVerifierOf } from '../../pki/keys/signed-note.ts';
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
  it('takes no manifest before its order is there and large enough', { timeout: 120_000 }, async () => {
    rig = await startLineRig({ orders: 'by-oem', operator: { replaceFailed: false } });
    const refusedFor = async (code: string): Promise<unknown> =>
      until(`the manifest is refused for ${code}`, () => {
        const answer = join(rig!.inbox, 'lot.rejected.csv');
        return existsSync(answer) && readFileSync(answer, 'utf8').includes(`"${code}"`);
      });
    rig.drop('lot.csv', manifest(4));
    await refusedFor('MANIFEST_ORDER_UNKNOWN');
    putOrder(rig, 3, 1);
    rig.drop('lot.csv', manifest(4));
    await refusedFor('MANIFEST_ORDER_QUANTITY');
    expect(await rig.line.registry.listBatches()).toEqual([]);
    putOrder(rig, 4, 2);
    rig.drop('lot.csv', manifest(4));
    const batch = await rig.batchOf('lot.csv');
    expect(await rig.closed('lot.csv')).toMatchObject({ state: 'closed' });
    expect(await rig.line.registry.batchSummary(batch.batchId)).toMatchObject({ passed: 4, attention: 0 });
    await rig.down();
    const ledger = openSqliteLedger(ledgerPath(rig.folder));
    const events = (await auditOf(ledger)).map(({ body }) => JSON.parse(body) as Record<string, string>);
    const standing = await ledger.orders.orderStanding('PO-1');
    await ledger.close();
    expect(events.filter(({ event }) => event === 'refused')).toEqual([]);
    expect(events.filter(({ event }) => event === 'batch-released')).toHaveLength(1);
    expect(standing).toMatchObject({ quantity: 4, released: 4 });
  });
});
