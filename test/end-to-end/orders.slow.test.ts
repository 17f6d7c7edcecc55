import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { signOrder } from '../../pki/orders/order.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import { verifierText, noteVerifierOf } from '../../pki/keys/signed-note.ts';
import { ledgerPath, ordersFolder, releaseKeysPath } from '../../line/state-folder.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { auditOf } from '../pki/signing/signing-line.ts';
import { until } from '../support/until.ts';
import { placesOf, rowsOf } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

let rig: LineRig | undefined;
afterEach(() => rig?.end());

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = noteVerifierOf('oem', publicKey);

function putOrder({ folder }: LineRig, quantity: number, revision: number, reissues = 5): void {
  const order = {
    order: 'PO-1',
    revision,
    products: ['golioth-node'],
    quantity,
    reissues,
    opens: '2020-01-01T00:00:00.000Z',
    closes: '9999-12-31T23:59:59.000Z',
  };
  mkdirSync(ordersFolder(folder), { recursive: true });
  writeFileSync(join(ordersFolder(folder), 'PO-1.order'), signOrder(order, key, privateKey));
  writeFileSync(releaseKeysPath(folder), `${verifierText(key)}\n`);
}

function failedSockets({ line }: LineRig): { station: string; socket: string }[] {
  return line.stations.flatMap(({ id, tiles }) =>
    tiles.filter(({ state }) => state === 'fail').map(({ socket }) => ({ station: id, socket })),
  );
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

  it(
    'leaves a unit no certificate that is given up because it may not be tried again',
    { timeout: 120_000 },
    async () => {
      const forgets = { kind: 'forget-writes', path: '/lfs1/credentials/crt.der' } as const;
      rig = await startLineRig({
        orders: 'by-oem',
        operator: { replaceFailed: false },
        stations: [{ id: 'st-1', sockets: ['1', '2'] }],
        faults: [1, 2].map((nth) => ({ nth, fault: forgets })),
      });
      putOrder(rig, 2, 1, 0);
      rig.drop('lot.csv', manifest(2));
      const batch = await rig.batchOf('lot.csv');
      const waiting = async (): Promise<Record<string, string>> =>
        Object.fromEntries((await rig!.progress(batch)).attention.map(({ serial, code }) => [serial, code]));
      await until('both wait', async () => Object.keys(await waiting()).length === 2);
      // Another board takes the place of the first one that failed.
      await until('both are seen', () => failedSockets(rig!).length === 2);
      for (const { station, socket } of failedSockets(rig))
        await rig.boards.removeBoard(station, socket, 'reject');
      const unit = rig.line.client.workflow.getHandle(unitWorkflowId('CL-000001'));
      await unit.executeUpdate('retry', { args: [{ reason: 'a test' }] });
      await until('it may not', async () => (await waiting())['CL-000001'] === 'QUOTA_EXCEEDED');
      await unit.executeUpdate('skip', { args: [{ reason: 'a test' }] });
      await expect(unit.result()).rejects.toThrow();
      // The other one still waits, so the batch has not ended.
      const { ledger } = placesOf(rig.folder, rig.inbox);
      const rows = rowsOf<{ serial: string; state: string }>(
        ledger,
        'SELECT serial, state FROM issuance JOIN released_serial USING (serial_folded) ORDER BY serial',
      );
      expect(rows).toEqual([
        { serial: 'CL-000001', state: 'revoked' },
        { serial: 'CL-000002', state: 'issued' },
      ]);
    },
  );
});
