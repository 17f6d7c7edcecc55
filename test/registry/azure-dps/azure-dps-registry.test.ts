import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../registry/device-registry.ts';
import { AzureDpsRegistry } from '../../../registry/azure-dps/azure-dps-registry.ts';
import type { AzureDpsOptions } from '../../../registry/azure-dps/azure-dps-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import type { DoubleServer } from '../http/double-server.ts';
import { DPS_KEY, DpsDouble } from './dps-double.ts';

const SIGNAL = new AbortController().signal;

interface Rig extends RegistryRig {
  readonly double: DoubleServer;
  readonly kept: DpsDouble['kept'];
  readonly dps: DpsDouble;
}

async function startRig(key = DPS_KEY, options: Partial<AzureDpsOptions> = {}, host?: string): Promise<Rig> {
  const dps = await DpsDouble.start();
  const { server: double } = dps;
  const secretFile = join(temporaryFolder(), 'dps');
  writeFileSync(secretFile, dps.connectionString(key, host), { mode: 0o600 });
  return {
    registry: new AzureDpsRegistry({
      name: 'dps',
      url: double.url,
      secretFile,
      deadlineMs: 2_000,
      ...options,
    }),
    dps,
    double,
    kept: dps.kept,
    inUse: () => dps.inUse(),
    misbehave: double.misbehave,
    plant: ({ commonName, certificateSha256 }: Device, whose) =>
      dps.put(commonName, whose === 'ours' ? certificateSha256 : 'ab'.repeat(32)),
    secrets: () => [
      DPS_KEY,
      ...double.questions.flatMap(
        ({ headers }) => new URLSearchParams(headers.authorization?.split(' ')[1]).get('sig') ?? [],
      ),
    ],
  };
}

describeDeviceRegistry('Azure DPS', () => startRig(), {
  device: plainDevice,
  refusedDevice: () => ({ ...plainDevice('CL-9'), commonName: 'CL-9.' }),
});

describe('enrollments', () => {
  it('are created ten at a time, and only those that exist are looked at', async () => {
    const { registry, double } = await startRig();
    await outcomeOf(registry, 'put', plainDevice('CL-3'));
    const devices = Array.from({ length: 10 }, (_none, at) => plainDevice(`CL-${at + 1}`));
    expect(await registry.put(devices, SIGNAL)).toEqual(devices.map(() => 'done'));
    expect(double.questions.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /enrollments',
      'POST /enrollments',
      'GET /enrollments/CL-3',
    ]);
  });

  it('that are refused without a word do not stop the others', async () => {
    const { registry, dps, inUse } = await startRig();
    dps.isTerse = true;
    const devices = [
      plainDevice('CL-1'),
      { ...plainDevice('CL-2'), commonName: 'CL-2.' },
      plainDevice('CL-3'),
    ];
    const refused = { reason: 'refused', message: expect.stringContaining('400004') };
    expect(await registry.put(devices, SIGNAL)).toEqual(['done', expect.objectContaining(refused), 'done']);
    expect(await inUse()).toHaveLength(2);
  });

  it('are not taken where all that is refused is the enrollment of somebody else', async () => {
    const { registry, dps, inUse } = await startRig();
    const errors = [{ registrationId: 'CL-77', errorCode: 409_001, errorStatus: 'enrollment exists' }];
    dps.bulkAnswer = { isSuccessful: false, errors };
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'unavailable' });
    expect(await inUse()).toEqual([]);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
  });

  it('that are taken stay so when the service fails while others of the call are changed', async () => {
    const { registry, double, inUse } = await startRig();
    const old = [1, 2, 3].map((at) => plainDevice(`CL-${at}`));
    await registry.put(old, SIGNAL);
    const fresh = old.map(({ serial, certificateSha256 }) => ({
      ...plainDevice(serial, 2),
      others: [certificateSha256],
    }));
    const another = plainDevice('CL-4');
    // After the bulk operation, and a look and a change for the first one.
    double.misbehave('server-error', 1, 3);
    const fault = expect.objectContaining({ reason: 'unavailable' });
    expect(await registry.put([...fresh, another], SIGNAL)).toEqual(['done', fault, fault, 'done']);
    const hashes = [fresh[0]!, old[1]!, old[2]!, another].map((each) => each.certificateSha256);
    expect((await inUse()).toSorted()).toEqual(hashes.toSorted());
  });

  it('keep what a person configured, however often they change', async () => {
    const { registry, kept } = await startRig();
    const old = plainDevice('CL-1');
    await outcomeOf(registry, 'put', old);
    const there = kept.get('cl-1')!;
    const configured = {
      deviceId: 'kitchen-1',
      iotHubs: ['north.azure-devices.net'],
      initialTwin: { tags: { room: 'kitchen' }, properties: { desired: { interval: 60 } } },
      allocationPolicy: 'geoLatency',
      reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: false },
      capabilities: { iotEdge: true },
    };
    there.settings = { ...configured };
    there.secondary = { certificate: 'a second one', info: { sha256Thumbprint: 'CD' } };
    const fresh = { ...plainDevice('CL-1', 2), others: [old.certificateSha256] };
    for (const [act, status] of [
      ['put', 'enabled'],
      ['withdraw', 'disabled'],
      ['put', 'enabled'],
    ] as const) {
      expect(await outcomeOf(registry, act, fresh)).toBe('done');
      expect(kept.get('cl-1')).toMatchObject({
        status,
        sha256: fresh.certificateSha256,
        settings: configured,
        secondary: there.secondary,
      });
    }
  });

  it('that somebody changes at the same time are not overwritten', async () => {
    const { registry, kept } = await startRig();
    const old = plainDevice('CL-1');
    await outcomeOf(registry, 'put', old);
    const there = kept.get('cl-1')!;
    // Between look and change.
    let reads = 0;
    Object.defineProperty(there, 'etag', { get: () => (reads += 1) });
    const fresh = { ...plainDevice('CL-1', 2), others: [old.certificateSha256] };
    expect(await outcomeOf(registry, 'put', fresh)).toMatchObject({ reason: 'unavailable' });
    expect(kept.get('cl-1')!.sha256).toBe(old.certificateSha256);
  });
});

describe('an enrollment group for the factory CA', () => {
  const start = (): Promise<Rig> => startRig(DPS_KEY, { enrollmentGroup: 'factory' });

  it('needs no enrollment for a unit', async () => {
    const { registry, kept } = await start();
    const one = plainDevice('CL-1');
    expect(registry.guarantees.signedIsLive).toBe(true);
    expect(await registry.probe(one, SIGNAL)).toBe('present');
    expect(await outcomeOf(registry, 'put', one)).toBe('done');
    expect(kept.size).toBe(0);
  });

  it('does not let a withdrawn unit in, until it has a certificate again', async () => {
    const { registry, dps, kept } = await start();
    const [old, fresh] = [plainDevice('CL-1', 1), plainDevice('CL-1', 2)];
    for (let times = 0; times < 2; times += 1)
      expect(await outcomeOf(registry, 'withdraw', old)).toBe('done');
    expect([dps.lets(old), await registry.probe(old, SIGNAL)]).toEqual([false, 'absent']);
    const next = { ...fresh, others: [old.certificateSha256] };
    const former = { ...old, others: [fresh.certificateSha256], inUse: fresh.certificateSha256 };
    expect(await outcomeOf(registry, 'put', next)).toBe('done');
    // By the group again, which takes the old one as well.
    expect([dps.lets(next), kept.size]).toEqual([true, 0]);
    expect(await outcomeOf(registry, 'withdraw', former)).toBe('done');
    expect([dps.lets(next), kept.size]).toEqual([true, 0]);
    // Released after a hold: the same certificate.
    expect(await outcomeOf(registry, 'withdraw', next)).toBe('done');
    expect(dps.lets(next)).toBe(false);
    expect(await outcomeOf(registry, 'put', next)).toBe('done');
    expect(dps.lets(next)).toBe(true);
  });

  it('keeps the name of a renewed unit good', async () => {
    const { registry, kept } = await start();
    const renewed = { ...plainDevice('CL-1'), inUse: plainDevice('CL-1', 2).certificateSha256 };
    expect(await outcomeOf(registry, 'withdraw', renewed)).toBe('done');
    expect(kept.size).toBe(0);
  });

  it('refuses a unit that is being made again no longer, until it has ended', async () => {
    const { registry, dps, kept } = await start();
    const [old, next] = [plainDevice('CL-1', 1), plainDevice('CL-1', 2)];
    const again = { ...old, continues: true } as const;
    for (const [ended, isLetIn] of [
      [again, true],
      [old, false],
      [again, true],
      [old, false],
    ] as const) {
      expect(await outcomeOf(registry, 'withdraw', ended)).toBe('done');
      expect([dps.lets(next), kept.size]).toEqual([isLetIn, isLetIn ? 0 : 1]);
    }
  });

  it('keeps what a person configured for a unit of its own', async () => {
    const { registry, dps, kept } = await start();
    const [old, fresh] = [plainDevice('CL-1', 1), plainDevice('CL-1', 2)];
    const configured = { initialTwin: { tags: { room: 'kitchen' }, properties: { desired: {} } } };
    dps.put('CL-1', old.certificateSha256, 'enabled', configured);
    const next = { ...fresh, others: [old.certificateSha256] };
    for (const [act, device, status] of [
      ['withdraw', { ...old, others: [fresh.certificateSha256], inUse: fresh.certificateSha256 }, 'enabled'],
      ['put', next, 'enabled'],
      ['withdraw', next, 'disabled'],
      ['withdraw', { ...next, continues: true }, 'disabled'],
      ['put', next, 'enabled'],
    ] as const) {
      expect(await outcomeOf(registry, act, device)).toBe('done');
      expect(kept.get('cl-1')).toMatchObject({ status, settings: configured });
    }
    expect(kept.get('cl-1')!.sha256).toBe(fresh.certificateSha256);
  });

  it('deletes no enrollment that somebody changes at the same time', async () => {
    const { registry, kept } = await start();
    const old = plainDevice('CL-1', 1);
    expect(await outcomeOf(registry, 'withdraw', old)).toBe('done');
    let reads = 0;
    Object.defineProperty(kept.get('cl-1')!, 'etag', { get: () => (reads += 1) });
    expect(await outcomeOf(registry, 'put', old)).toMatchObject({ reason: 'unavailable' });
    expect(kept.size).toBe(1);
  });

  it("leaves another's enrollment alone, and a person hears of it", async () => {
    const { registry, plant, inUse } = await start();
    const one = plainDevice('CL-1');
    await plant(one, 'others');
    for (const act of ['put', 'withdraw'] as const)
      expect(await outcomeOf(registry, act, one)).toMatchObject({ reason: 'conflict' });
    expect(await inUse()).toEqual(['ab'.repeat(32)]);
  });

  it('disables an enrollment that appears while it is refused', async () => {
    const { registry, kept, double, plant } = await start();
    const one = plainDevice('CL-1');
    double.misbehave('cut-after-commit', 1, 1);
    expect(await outcomeOf(registry, 'withdraw', one)).toMatchObject({ isUnknown: true });
    await plant(one, 'ours');
    expect(await outcomeOf(registry, 'withdraw', one)).toBe('done');
    expect(kept.get('cl-1')!.status).toBe('disabled');
  });

  it.each([
    ['is not there', undefined, 'find the enrollment group factory'],
    ['is disabled', 'disabled', 'find the enrollment group factory'],
    ['is there', 'enabled', undefined],
  ])('that %s is found before a lot starts', async (_how, status, fault) => {
    const { registry, dps } = await start();
    if (status !== undefined) dps.groups.set('factory', status);
    const faults = (await registry.check(SIGNAL)).filter((each) => each.fault !== undefined);
    expect(faults.map(({ permission }) => permission)).toEqual(fault === undefined ? [] : [fault]);
  });
});

it('finds a wrong key', async () => {
  const { registry } = await startRig(Buffer.from('another key').toString('base64'), {}, '127.0.0.1');
  const [checked] = await registry.check(SIGNAL);
  expect(checked!.fault).toContain('correct its credentials');
});

it('finds a connection string of another service, and a clock that is wrong', async () => {
  const { registry, dps } = await startRig(Buffer.from('another key').toString('base64'));
  const [elsewhere] = await registry.check(SIGNAL);
  expect(elsewhere!.fault).toContain(
    'its connection string is of line.azure-devices-provisioning.net and its address is 127.0.0.1, so make both those of the service',
  );
  dps.date = new Date(Date.now() + 3_600_000).toUTCString();
  const [late] = await registry.check(SIGNAL);
  expect(late!.fault).toContain('the clock of this host is 60 minutes behind, so set it');
});

it('finds a policy that may only read', async () => {
  const { registry, dps } = await startRig();
  dps.mayWrite = false;
  const [read, write] = await registry.check(SIGNAL);
  expect(read).toEqual({ permission: 'read enrollments' });
  expect(write).toMatchObject({
    permission: 'write enrollments',
    fault: expect.stringContaining('EnrollmentWrite'),
  });
  dps.mayWrite = true;
  expect((await registry.check(SIGNAL))[1]!.note).toContain('writing is not proven');
});

it('deletes no enrollment to find out whether it may', async () => {
  const { registry, dps } = await startRig();
  dps.put('certline-check', 'ab'.repeat(32));
  expect((await registry.check(SIGNAL))[1]!.note).toContain('not tried');
  expect(dps.kept.has('certline-check')).toBe(true);
});
