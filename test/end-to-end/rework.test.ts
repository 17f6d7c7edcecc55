import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReworkState } from '../../provisioning/rework.ts';
import { reworkWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { UnitRecord } from '../../registry/registry.ts';
import type { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import { newPlace } from '../support/certline.ts';
import type { Place } from '../support/certline.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { placesOf } from './line-evidence.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const SOCKETS = ['1', '2', '3', '4'];

let rig: LineRig;
const boards = new Map<string, VirtualBoard>();

const serial = (number: number): string => `CL-00000${number}`;

beforeAll(async () => {
  rig = await startLineRig({ stations: [{ id: 'st-1', sockets: SOCKETS }] });
  const seated = SOCKETS.map((socket) => rig.boards.insertBoard('st-1', socket));
  rig.drop('lot.csv', manifest(4));
  await rig.closed('lot.csv');
  for (const number of [1, 2, 3, 4]) {
    const { boardId } = (await unit(number)).certificates[0]!;
    boards.set(
      serial(number),
      seated.find(({ hardwareId }) => hardwareId === boardId)!,
    );
  }
}, 120_000);
afterAll(() => rig?.end());

function place(): Place {
  const { address, namespace } = rig.server;
  return newPlace({
    CERTLINE_STATE: rig.folder,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
  });
}

async function unit(number: number): Promise<UnitRecord> {
  return (await rig.line.registry.unit(serial(number)))!;
}

/** Runs a command that starts a rework, and waits for its end. */
async function rework(...args: string[]): Promise<ReworkState> {
  const { status, stdout, stderr } = await place().certline(
    ...args,
    '--reason',
    'a test',
    '--by',
    'A. Tester',
  );
  expect([status, stderr]).toEqual([0, '']);
  const id = /RW-\d{8}-[0-9a-f]{6}/.exec(stdout)![0];
  return (await rig.line.client.workflow.getHandle(reworkWorkflowId(id)).result()) as ReworkState;
}

const fileOn = (number: number, name: string): Buffer | undefined => {
  const path = join(boards.get(serial(number))!.directory, 'lfs1/credentials', name);
  return existsSync(path) ? readFileSync(path) : undefined;
};

const differences = async (): Promise<string> => (await place().certline('audit', 'reconcile')).stdout;

function resultOf(number: number): string {
  const text = readFileSync(join(rig.inbox, 'lot.result.csv'), 'utf8');
  return text.split('\r\n').find((row) => row.includes(serial(number)))!;
}

describe('units that passed', { timeout: 120_000 }, () => {
  it('are renewed: a new certificate for the same key, and the old one superseded', async () => {
    const key = fileOn(1, 'key.der');
    const [old] = (await unit(1)).certificates;
    expect(await rework('unit', 'renew', serial(1))).toMatchObject({ phase: 'closed', done: 1 });
    const { certificates, attempts, outcome, reworks } = await unit(1);
    expect(certificates.map(({ state }) => state)).toEqual(['superseded', 'active']);
    expect(certificates[1]).toMatchObject({
      supersedes: old!.certificateSha256,
      spkiSha256: old!.spkiSha256,
    });
    expect(attempts.map(({ cause }) => cause)).toEqual(['first', 'rework']);
    expect([outcome, reworks[0]?.kind, reworks[0]?.by]).toEqual(['PASS', 'renew', 'A. Tester']);
    expect(fileOn(1, 'key.der')).toEqual(key);
    expect(fileOn(1, 'crt.der')).toEqual(Buffer.from(certificates[1]!.certificate));
    expect(resultOf(1)).toContain(certificates[1]!.certificateSha256);
    expect(resultOf(1)).toMatch(/"2"$/);
    expect(await differences()).toContain('No difference.');
    await place().certline('ca', 'crl');
    const { stdout } = await place().certline('cert', 'show', old!.certificateSerial);
    expect(stdout).toContain('superseded');
  });

  it('are re-keyed on the same board', async () => {
    const key = fileOn(2, 'key.der');
    expect(await rework('unit', 'renew', serial(2), '--new-key')).toMatchObject({ done: 1 });
    const { certificates } = await unit(2);
    expect(certificates.map(({ state }) => state)).toEqual(['superseded', 'active']);
    expect(certificates[1]!.boardId).toBe(certificates[0]!.boardId);
    expect(fileOn(2, 'key.der')).not.toEqual(key);
    expect(new X509Certificate(fileOn(2, 'crt.der')!).subject).toContain(serial(2));
    expect(await differences()).toContain('No difference.');
  });

  it('are moved to another board', async () => {
    const list = join(rig.folder, 'swap.txt');
    writeFileSync(list, `${serial(3).toLowerCase()}\n`);
    const socket = SOCKETS.find(
      (each) => rig.boards.boardId('st-1', each) === boards.get(serial(3))!.hardwareId,
    )!;
    await rig.boards.removeBoard('st-1', socket, 'reject');
    const blank = rig.boards.insertBoard('st-1', socket);
    expect(await rework('rework', 'create', '--serials', list, '--kind', 'swap')).toMatchObject({ done: 1 });
    const { certificates, attempts } = await unit(3);
    expect(certificates.map(({ boardId }) => boardId)[1]).toBe(blank.hardwareId);
    expect(attempts.at(-1)).toMatchObject({ cause: 'rework', boardId: blank.hardwareId });
    expect(await differences()).toContain('No difference.');
  });

  it('are scrapped: revoked, wiped, and FAIL from then on', async () => {
    const list = join(rig.folder, 'scrap.txt');
    writeFileSync(list, serial(4));
    expect(await rework('rework', 'create', '--serials', list, '--kind', 'scrap')).toMatchObject({ done: 1 });
    const { certificates, outcome, code } = await unit(4);
    expect([outcome, code]).toEqual(['FAIL', 'SCRAPPED']);
    expect(certificates.map(({ state }) => state)).toEqual(['revoked']);
    await until('its board is wiped', () => fileOn(4, 'key.der') === undefined);
    expect(fileOn(4, 'crt.der')).toBeUndefined();
    expect(resultOf(4)).toContain('"FAIL","SCRAPPED"');
    expect(await differences()).toContain('No difference.');
  });

  it('are counted as they passed at first, retests and reworks apart', async () => {
    const { batchId } = await unit(1);
    const counts = { firstPass: 4, retests: 0, reworks: 3 };
    expect(await rig.line.registry.attemptCounts(batchId)).toEqual(counts);
    const { stdout } = await place().certline('rework', 'list');
    expect(stdout.match(/RW-/g)).toHaveLength(4);
  });

  it('are refused with what is against it, and nothing changes', async () => {
    const refused = await place().certline('unit', 'renew', serial(4), '--reason', 'again');
    expect([refused.status, refused.stderr]).toEqual([
      6,
      expect.stringContaining(`${serial(4)} ended as FAIL, and only units that passed are reworked`),
    ]);
    const unknown = await place().certline('unit', 'renew', 'CL-9', '--reason', 'again');
    expect(unknown.stderr).toContain('CL-9 is in no batch');
    const order = ['--order', 'PO-9'];
    const noOrder = await place().certline('unit', 'renew', serial(1), '--reason', 'again', ...order);
    expect(noOrder.stderr).toContain('The signer has no order PO-9');
    expect((await unit(1)).reworks.at(-1)).toMatchObject({ isOpen: false, result: 'kept' });
    expect(await differences()).toContain('No difference.');
  });

  it('agree in all records when the line is down', async () => {
    const places = placesOf(rig.folder, rig.inbox);
    await rig.down();
    expect(violations(places)).toEqual([]);
  });
});
