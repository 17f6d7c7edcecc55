import { NativeConnection, Worker } from '@temporalio/worker';
import { afterEach, describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { openSqliteLedger } from '../support/sqlite-ledger.ts';
import type { ClaimActivities, GeneratedKeypair } from '../../provisioning/claim.ts';
import { anyBoardQueue } from '../../provisioning/task-queues.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { ledgerPath } from '../../line/state-folder.ts';
import { auditOf } from '../pki/signing/signing-line.ts';
import { until } from '../support/until.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

let rig: LineRig | undefined;
afterEach(() => rig?.end());

/** Somebody who can talk to Temporal: answers in the place of stations, with keys of his own. */
async function startImpostor({ server }: LineRig): Promise<() => Promise<void>> {
  const activities: Pick<ClaimActivities, 'generateKeypair'> = {
    generateKeypair: async ({ unit }) => {
      const key = generateDeviceKey();
      const csr = Buffer.from(key.createCsr({ serial: unit.serial })).toString('base64');
      const at = new Date().toISOString();
      const isFirst = unit.serial.endsWith('1');
      const signed = { at, signature: Buffer.alloc(64, 7).toString('base64') };
      const claim = { stationId: 'st-1', socket: '1', boardId: `beef${unit.serial.slice(-2)}` };
      const forged = { ...claim, csr, spkiSha256: key.spkiSha256, startedAt: at };
      return isFirst ? { ...forged, signed } : (forged as GeneratedKeypair);
    },
  };
  const connection = await NativeConnection.connect(server.connectionOptions);
  const taskQueue = anyBoardQueue('golioth-node');
  const worker = await Worker.create({ connection, namespace: server.namespace, taskQueue, activities });
  const ended = worker.run();
  return async () => {
    worker.shutdown();
    await ended;
    await connection.close();
  };
}

describe('the signer of a line', () => {
  it('signs nothing for whoever can merely write to Temporal', async () => {
    rig = await startLineRig();
    const stop = await startImpostor(rig);
    rig.drop('lot.csv', manifest(2));
    const batch = await rig.batchOf('lot.csv');
    await until('both units wait', async () => (await rig!.progress(batch)).attention.length === 2);
    const { attention } = await rig.progress(batch);
    expect(Object.fromEntries(attention.map(({ serial, code }) => [serial, code]))).toEqual({
      'CL-000001': 'REQUEST_INVALID',
      'CL-000002': 'REQUEST_UNSIGNED',
    });
    await stop();
    await rig.line.client.workflow.getHandle(batchWorkflowId(batch.batchId)).cancel();
    await until('the batch is closed', async () => (await rig!.batchOf('lot.csv')).state === 'closed');
    await rig.down();
    const ledger = openSqliteLedger(ledgerPath(rig.folder));
    const events = (await auditOf(ledger)).map(({ body }) => JSON.parse(body) as Record<string, string>);
    const issuances = await ledger.issuances.issuancesOf('CL-000001');
    await ledger.close();
    expect(issuances).toEqual([]);
    expect(events.filter(({ event }) => event === 'signing')).toEqual([]);
    const refused = events.filter(({ event }) => event === 'refused');
    expect(Object.fromEntries(refused.map(({ serial, code }) => [serial, code]))).toEqual({
      'CL-000001': 'REQUEST_INVALID',
      'CL-000002': 'REQUEST_UNSIGNED',
    });
  });
});
