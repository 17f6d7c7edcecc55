import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { deviceRegistryWorkflowId } from '../../provisioning/outbox-drain.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const UNITS = 8;

let rig: LineRig;
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const folder = temporaryFolder();
/** What the receiver of events has, by serial. */
const erp = new Map<string, string>();
/** Serials that it refuses, and how often it breaks after it has taken an event. */
const refused = new Set(['CL-000003']);
let breaks = 3;

const receiver = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'HEAD') return void response.writeHead(405).end();
    const { type, data } = new Webhook(secret).verify(
      Buffer.concat(parts),
      request.headers as Record<string, string>,
    ) as { type: string; data: { serial: string; certificateSha256: string } };
    if (refused.has(data.serial)) return void response.writeHead(422).end();
    if (type === 'device.registered') erp.set(data.serial, data.certificateSha256);
    else erp.delete(data.serial);
    if ((breaks -= 1) >= 0) return void response.destroy();
    return void response.writeHead(204).end();
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
  const secretFile = join(folder, 'erp.secret');
  writeFileSync(secretFile, secret, { mode: 0o600 });
  const { port } = receiver.address() as AddressInfo;
  rig = await startLineRig({
    operator: { replaceFailed: true },
    registries: [
      { kind: 'webhook', name: 'erp', url: `http://127.0.0.1:${port}`, secretFile },
      { kind: 'file', name: 'site', folder: join(folder, 'devices') },
    ],
  });
});
afterAll(async () => {
  await rig?.end();
  receiver.closeAllConnections();
  receiver.close();
});

/** Serials in the files, as their last row says. */
function inFiles(): string[] {
  const parts = readdirSync(join(folder, 'devices')).filter((name) => name.endsWith('.ndjson'));
  const rows = parts
    .toSorted()
    .flatMap((part) =>
      readFileSync(join(folder, 'devices', part), 'utf8')
        .trim()
        .split('\n'),
    )
    .map((row) => JSON.parse(row) as { act: string; serial: string });
  return [...new Map(rows.map(({ act, serial }) => [serial, act]))]
    .filter(([, act]) => act === 'put')
    .map(([serial]) => serial)
    .toSorted();
}

describe('a lot whose product has two device registries', () => {
  it('passes at the stations, and closes when both have every unit', async () => {
    rig.drop('lot.csv', manifest(UNITS));
    const { outbox } = rig.line.registry;
    const { batchId } = await rig.batchOf('lot.csv');
    await until(
      'only the refused unit is open',
      async () => {
        const open = await outbox.openOf(batchId);
        const passed = (await rig.line.registry.batchSummary(batchId)).passed;
        return (
          passed === UNITS && open.length === 2 && open.every(({ waiting, parked }) => waiting + parked === 1)
        );
      },
      60_000,
    );
    expect((await rig.line.registry.batch(batchId))?.state).toBe('open');
    expect(await outbox.parked(10)).toMatchObject([
      { registry: 'erp', serial: 'CL-000003', reason: 'refused' },
    ]);
    refused.clear();
    expect(await outbox.retry({ registry: 'erp' })).toBe(1);
    expect((await rig.closed('lot.csv')).state).toBe('closed');
    const serials = Array.from({ length: UNITS }, (_none, at) => `CL-00000${at + 1}`);
    expect([...erp.keys()].toSorted()).toEqual(serials);
    expect(inFiles()).toEqual(serials);
    const unit = await rig.line.registry.unit('CL-000003');
    expect(erp.get('CL-000003')).toBe(unit?.certificates[0]?.certificateSha256);
  }, 120_000);

  it('loses in both what is revoked', async () => {
    const unit = await rig.line.registry.unit('CL-000005');
    const { certificateSerial } = unit!.certificates[0]!;
    const revocation = { certificateSerial, reason: 'keyCompromise', revokedAt: new Date().toISOString() };
    await rig.line.registry.applyRevocations({ issuerKey: 'a list', number: 1, revocations: [revocation] });
    await until('it is withdrawn', () => !erp.has('CL-000005') && !inFiles().includes('CL-000005'));
    expect(erp.size).toBe(UNITS - 1);
  });

  it('has one workflow for each device registry, of few events', async () => {
    for (const name of ['erp', 'site']) {
      const handle = rig.line.client.workflow.getHandle(deviceRegistryWorkflowId(name));
      const { status, historyLength } = await handle.describe();
      expect([status.name, historyLength]).toEqual(['RUNNING', expect.any(Number)]);
      expect(historyLength).toBeLessThan(10);
    }
  });

  it('leaves no secret in a history or a log', async () => {
    const history = await rig.line.client.workflow.getHandle(deviceRegistryWorkflowId('erp')).fetchHistory();
    const texts = [JSON.stringify(history), readFileSync(join(rig.folder, 'certline.log'), 'utf8')];
    for (const text of texts) expect(text).not.toContain(secret.slice('whsec_'.length));
  });

  it('has them again when somebody terminated or deleted them', async () => {
    const { client } = rig.line;
    const [erpDrain, siteDrain] = ['erp', 'site'].map(deviceRegistryWorkflowId) as [string, string];
    await client.workflow.getHandle(erpDrain).terminate('by hand');
    const workflowExecution = { workflowId: siteDrain };
    const { namespace } = client.options;
    const runOf = async (id: string) => {
      const found = await client.workflow
        .getHandle(id)
        .describe()
        .catch(() => undefined);
      return found?.status.name === 'RUNNING' ? found.runId : undefined;
    };
    const before = await runOf(siteDrain);
    await client.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
    await until('the terminated one runs', async () => (await runOf(erpDrain)) !== undefined, 30_000);
    await until(
      'the deleted one runs',
      async () => ![undefined, before].includes(await runOf(siteDrain)),
      30_000,
    );
  });
});
