import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DeviceRegistryConfig } from '../../line/device-registry-config.ts';
import { caFolder } from '../../line/state-folder.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { reworkWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { GoliothApi } from '../../registry/golioth/golioth-api.ts';
import type { GoliothOptions } from '../../registry/golioth/golioth-api.ts';
import { uploadCa } from '../../registry/golioth/issuing-ca.ts';
import type { UnitRecord } from '../../registry/registry.ts';
import type { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import { FIRMWARE_PROFILES } from '../../simulator/firmware-profile.ts';
import type { Credential } from '../pki/dtls/delivered-credential.ts';
import { openssl } from '../pki/openssl.ts';
import { DtlsGateway } from '../registry/golioth/dtls-gateway.ts';
import { GoliothDouble } from '../registry/golioth/golioth-double.ts';
import { newPlace } from '../support/certline.ts';
import type { Place } from '../support/certline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const PROJECT = 'certline-test';
const SOCKETS = ['1', '2', '3'];
const CONNECTED = 'Golioth client connected';
const SIGNAL = new AbortController().signal;

/** Both files, where they are there and not empty, as the sample looks for them. */
function filesOn(board: VirtualBoard): Credential | undefined {
  const [key, certificate] = ['key.der', 'crt.der'].map((name) => {
    const path = join(board.directory, 'lfs1/credentials', name);
    return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  }) as [Buffer, Buffer];
  return key.length > 0 && certificate.length > 0 ? { key, certificate } : undefined;
}

/** Devices that boards were when they connected, by their hardware id. */
type Connected = Map<string, string[]>;

/** The sample reads its files when it starts, and tries until it is connected. `connects` is called before it says so. */
async function runSample(
  board: VirtualBoard,
  gateway: DtlsGateway,
  connected: Connected,
  connects: (board: VirtualBoard) => void = () => undefined,
): Promise<void> {
  const credential = filesOn(board);
  if (credential === undefined) return;
  let device = await gateway.connect(credential);
  for (let tries = 1; device === undefined && tries < 5; tries++) device = await gateway.connect(credential);
  if (device === undefined) return;
  connected.set(board.hardwareId, [...(connected.get(board.hardwareId) ?? []), device.id]);
  connects(board);
  board.log(`golioth_coap_client_zephyr: ${CONNECTED}`);
}

/** A product of boards with the sample, which pass when they have connected. */
const CONNECTING = {
  cloud: 'golioth',
  identity: { file: '/lfs1/board-id' },
  restart: { untilLine: CONNECTED, seconds: 60 },
};

/** A device that says it is of the project, under a root of its own. */
function impostor(folder: string, serial: string): Credential {
  const [keyPath, path] = [join(folder, 'impostor.key'), join(folder, 'impostor.crt')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...curve, '-subj', `/O=${PROJECT}/CN=${serial}`, '-keyout', keyPath, '-out', path);
  return {
    key: openssl('ec', '-in', keyPath, '-outform', 'DER'),
    certificate: openssl('x509', '-in', path, '-outform', 'DER'),
  };
}

/** A project with the CA of the line, where devices connect by DTLS, and how the line reaches it through the outbox. */
async function startProject(
  folder: string,
  config: object = {},
): Promise<{
  double: GoliothDouble;
  gateway: DtlsGateway;
  options: GoliothOptions;
  registry: DeviceRegistryConfig;
}> {
  const double = await GoliothDouble.start(PROJECT);
  const secretFile = join(folder, 'api-key');
  writeFileSync(secretFile, double.apiKey, { mode: 0o600 });
  const options = { name: 'golioth', project: PROJECT, secretFile, url: double.server.url };
  const registry = { kind: 'golioth', ...options, ...config } as const;
  return { double, gateway: new DtlsGateway(double, folder), options, registry };
}

/** Commands beside the line. */
function placeBeside({ folder, server }: LineRig, registry: DeviceRegistryConfig): Place {
  const place = newPlace({
    CERTLINE_STATE: folder,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
  });
  const product = { name: 'golioth-node', organization: PROJECT, registries: [registry.name] };
  place.configure({ inbox: place.inbox, products: [product], registries: [registry] });
  return place;
}

/** The project has all that it is to have, and nothing waits for a person. */
async function isSentOut({ line }: LineRig): Promise<boolean> {
  const [depth] = await line.registry.outbox.depths();
  return depth?.waiting === 0 && depth.parked === 0;
}

it(
  'brings devices with the sample firmware of Golioth into their project, and out of it',
  { timeout: 240_000 },
  async () => {
    const folder = temporaryFolder();
    const { double, gateway, options, registry } = await startProject(folder);
    const connected: Connected = new Map();
    const rig = await startLineRig({
      stations: [{ id: 'st-1', sockets: SOCKETS }],
      profile: FIRMWARE_PROFILES.golioth,
      application: (board) => void runSample(board, gateway, connected),
      registries: [registry],
      product: CONNECTING,
    });
    try {
      const [issuingCa] = readCaChain(caFolder(rig.folder)) as [Uint8Array];
      await uploadCa(new GoliothApi(options), issuingCa, SIGNAL);

      // A lot: each unit connects before it passes, and is a device by its name.
      const boards = SOCKETS.map((socket) => rig.boards.insertBoard('st-1', socket));
      rig.drop('lot.csv', manifest(3));
      await rig.closed('lot.csv');
      const serials = ['CL-000001', 'CL-000002', 'CL-000003'];
      const named = double.devices.map(({ name, certificateId }) => `${name} by ${certificateId}`);
      expect(named.toSorted()).toEqual(serials.map((serial) => `${serial} by ${serial}`));
      const unit = async (serial: string): Promise<UnitRecord> => (await rig.line.registry.unit(serial))!;
      for (const serial of serials) expect(await unit(serial)).toMatchObject({ outcome: 'PASS' });
      // Each board got an identity of its own, in a file beside the credentials.
      const ids = boards.map((board) => readFileSync(join(board.directory, 'lfs1/board-id'), 'latin1'));
      expect(new Set(ids).size).toBe(3);
      expect((await unit('CL-000001')).certificates[0]!.boardId).toBeOneOf(ids);
      expect(await gateway.connect(impostor(folder, 'CL-000009'))).toBeUndefined();
      expect(double.devices).toHaveLength(3);

      // Renewed without touching the firmware: another certificate, and the same device.
      const { boardId } = (await unit('CL-000001')).certificates[0]!;
      const first = boards[ids.indexOf(boardId)]!;
      const place = placeBeside(rig, registry);
      const why = ['--reason', 'a test', '--by', 'A. Tester'];
      const renew = async (...key: string[]): Promise<void> => {
        const { stdout, stderr } = await place.certline('unit', 'renew', 'CL-000001', ...why, ...key);
        expect(stderr).toBe('');
        const rework = reworkWorkflowId(/RW-\d{8}-[0-9a-f]{6}/.exec(stdout)![0]);
        expect(await rig.line.client.workflow.getHandle(rework).result()).toMatchObject({ done: 1 });
      };
      await renew();
      const renewed = await unit('CL-000001');
      expect(renewed.certificates.map(({ state }) => state)).toEqual(['superseded', 'active']);
      expect(filesOn(first)!.certificate).toEqual(Buffer.from(renewed.certificates[1]!.certificate));
      await until('the project has it', () => isSentOut(rig));
      const [device, again] = connected.get(first.hardwareId)!;
      expect(again).toBe(device);
      expect(double.devices.filter(({ enabled }) => enabled)).toHaveLength(3);

      // With another key, too: it connects before it passes, while its old certificate is withdrawn.
      await renew('--new-key');
      const rekeyed = (await unit('CL-000001')).certificates;
      expect(rekeyed.map(({ state }) => state)).toEqual(['superseded', 'superseded', 'active']);
      await until('the project has it', () => isSentOut(rig));
      expect(new Set(connected.get(first.hardwareId))).toEqual(new Set([device]));
      expect(double.devices.filter(({ enabled }) => enabled)).toHaveLength(3);

      // Another firmware, the same files: the same device.
      const socket = SOCKETS.find((each) => rig.boards.boardId('st-1', each) === first.hardwareId)!;
      const before = filesOn(first);
      await rig.boards.removeBoard('st-1', socket);
      const updated = first.loadFirmware({ ...FIRMWARE_PROFILES.golioth, version: '4.5.0' });
      rig.boards.insertBoard('st-1', socket, updated);
      const connects = (connected.get(first.hardwareId) ?? []).length;
      await until('it connects again', () => (connected.get(first.hardwareId) ?? []).length > connects);
      expect(new Set(connected.get(first.hardwareId))).toEqual(new Set([device]));
      expect(filesOn(updated)).toEqual(before);

      // Revoked: its device is disabled, and still there.
      const { status } = await place.certline(
        'cert',
        'revoke',
        'CL-000002',
        '--reason',
        'keyCompromise',
        '--yes',
      );
      expect(status).toBe(0);
      expect(await place.certline('ca', 'crl')).toMatchObject({ status: 0 });
      await until('its device is disabled', () => double.devices.some(({ enabled }) => !enabled));
      expect(double.devices.filter(({ enabled }) => !enabled).map(({ name }) => name)).toEqual(['CL-000002']);
      expect(double.devices).toHaveLength(3);
      expect(double.server.questions.map(({ method }) => method)).not.toContain('DELETE');
    } finally {
      await rig.end();
    }
  },
);

it(
  'disables the device of a board that connected and was not passed, until its unit runs again',
  { timeout: 240_000 },
  async () => {
    const folder = temporaryFolder();
    const { double, gateway, options, registry } = await startProject(folder);
    const connected: Connected = new Map();
    /** Its certificate is gone after it has connected. */
    let bad: VirtualBoard | undefined;
    const rig = await startLineRig({
      stations: [{ id: 'st-1', sockets: ['1'] }],
      profile: FIRMWARE_PROFILES.golioth,
      application: (board) =>
        void runSample(board, gateway, connected, (each) => {
          if (each === bad) rmSync(join(each.directory, 'lfs1/credentials/crt.der'));
        }),
      registries: [registry],
      product: CONNECTING,
    });
    try {
      const [issuingCa] = readCaChain(caFolder(rig.folder)) as [Uint8Array];
      await uploadCa(new GoliothApi(options), issuingCa, SIGNAL);
      bad = rig.boards.insertBoard('st-1', '1');
      rig.drop('lot.csv', manifest(1));
      const batch = await rig.batchOf('lot.csv');
      await until('the unit waits', async () => (await rig.progress(batch)).attention.length === 1);
      expect((await rig.progress(batch)).attention).toMatchObject([{ code: 'READ_BACK_DIFFERS' }]);
      expect(double.devices).toMatchObject([{ name: 'CL-000001', enabled: true }]);

      const unit = rig.line.client.workflow.getHandle(unitWorkflowId('CL-000001'));
      await unit.executeUpdate('skip', { args: [{ reason: 'a test' }] });
      await rig.closed('lot.csv');
      expect(await rig.line.registry.unit('CL-000001')).toMatchObject({ outcome: 'HOLD', certificates: [] });
      expect(double.devices).toMatchObject([{ name: 'CL-000001', enabled: false }]);

      await rig.boards.removeBoard('st-1', '1');
      const good = rig.boards.insertBoard('st-1', '1');
      const place = placeBeside(rig, registry);
      const again = await place.certline('unit', 'rerun', 'CL-000001', '--reason', 'a test');
      expect(again).toMatchObject({ status: 0, stderr: '' });
      await until('it has passed', async () => {
        return (await rig.line.registry.unit('CL-000001'))?.outcome === 'PASS';
      });
      await until('the project has it', () => isSentOut(rig));
      expect(double.devices).toMatchObject([{ name: 'CL-000001', enabled: true }]);
      expect(new Set(connected.get(good.hardwareId))).toEqual(new Set(connected.get(bad.hardwareId)));
    } finally {
      await rig.end();
    }
  },
);

it(
  'creates the devices of a lot before they connect, which are theirs then, and disables those that are revoked',
  { timeout: 240_000 },
  async () => {
    const folder = temporaryFolder();
    const create = { blueprint: 'node', tags: ['factory'] };
    const { double, gateway, options, registry } = await startProject(folder, { create });
    const rig = await startLineRig({
      stations: [{ id: 'st-1', sockets: SOCKETS }],
      profile: FIRMWARE_PROFILES.golioth,
      registries: [registry],
      product: { cloud: 'golioth', identity: { file: '/lfs1/board-id' } },
    });
    try {
      const [issuingCa] = readCaChain(caFolder(rig.folder)) as [Uint8Array];
      await uploadCa(new GoliothApi(options), issuingCa, SIGNAL);
      const boards = SOCKETS.map((socket) => rig.boards.insertBoard('st-1', socket));
      rig.drop('lot.csv', manifest(3));
      await rig.closed('lot.csv');
      const serials = ['CL-000001', 'CL-000002', 'CL-000003'];
      const ids = boards.map((board) => readFileSync(join(board.directory, 'lfs1/board-id'), 'latin1'));
      expect(double.devices.map(({ name }) => name).toSorted()).toEqual(serials);
      for (const device of double.devices)
        expect(device).toMatchObject({ certificateId: '', tagIds: ['tag-1'], blueprintId: 'blueprint-1' });
      expect(double.devices.flatMap(({ hardwareIds }) => hardwareIds).toSorted()).toEqual(ids.toSorted());

      const place = placeBeside(rig, registry);
      const shown = async (serial: string): Promise<[number, string]> => {
        const { status, stdout, stderr } = await place.certline('cloud', 'golioth', 'device', serial);
        return [status, stdout + stderr];
      };
      expect(await shown('CL-000001')).toEqual([11, expect.stringContaining('waits for the first connect')]);

      // One is revoked before it ever connected: its device is there, and disabled.
      const revoke = ['cert', 'revoke', 'CL-000003', '--reason', 'keyCompromise', '--yes'];
      expect(await place.certline(...revoke)).toMatchObject({ status: 0 });
      expect(await place.certline('ca', 'crl')).toMatchObject({ status: 0 });
      await until('its device is disabled', () => double.devices.some(({ enabled }) => !enabled));

      const comeIn: (string | undefined)[] = [];
      for (const board of boards) comeIn.push((await gateway.connect(filesOn(board)!))?.name);
      expect(comeIn.filter((name) => name !== undefined).toSorted()).toEqual(['CL-000001', 'CL-000002']);
      const named = double.devices.map(({ name, certificateId, enabled }) =>
        [name, certificateId, enabled].join(' '),
      );
      expect(named.toSorted()).toEqual(
        serials.map((serial) => [serial, serial, serial !== 'CL-000003'].join(' ')),
      );
      expect(await shown('CL-000001')).toEqual([0, expect.stringContaining('CL-000001 has connected')]);
      expect(await shown('CL-000003')).toEqual([0, expect.stringContaining('It is disabled')]);
    } finally {
      await rig.end();
    }
  },
);
