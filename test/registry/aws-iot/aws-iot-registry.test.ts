import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AwsIotRegistry } from '../../../registry/aws-iot/aws-iot-registry.ts';
import type { AwsIotOptions } from '../../../registry/aws-iot/aws-iot-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import { AwsDouble, REGION } from './aws-double.ts';

const SIGNAL = new AbortController().signal;
const CA = Buffer.from('certificate of the factory CA');

interface Rig {
  readonly double: AwsDouble;
  readonly registry: AwsIotRegistry;
}

function writeCredentials(
  path: string,
  { accessKeyId, secret }: AwsDouble,
  more: readonly string[] = [],
): void {
  const lines = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secret}`, ...more];
  writeFileSync(path, ['[default]', ...lines].join('\n'), { mode: 0o600 });
}

async function startRig(options: Partial<AwsIotOptions> = {}): Promise<Rig> {
  const double = await AwsDouble.start();
  const secretFile = join(temporaryFolder(), 'aws');
  writeCredentials(secretFile, double);
  const registry = new AwsIotRegistry({
    name: 'aws',
    region: REGION,
    secretFile,
    policies: ['factory'],
    thingType: 'node',
    groups: ['lot'],
    url: double.server.url,
    deadlineMs: 2_000,
    ...options,
  });
  return { double, registry };
}

describeDeviceRegistry(
  'AWS IoT Core',
  async (): Promise<RegistryRig> => {
    const { double, registry } = await startRig();
    return {
      registry,
      inUse: () => double.inUse(),
      // The policies are the certificate's: it connects also where it is attached to no thing.
      letsIn: ({ certificateSha256 }) => double.certificates.get(certificateSha256)?.status === 'ACTIVE',
      misbehave: double.server.misbehave,
      plant: ({ commonName, serial }, whose) =>
        void double.things.set(commonName, {
          type: '',
          attributes: JSON.stringify(whose === 'ours' ? { serial } : { serial: 'another', room: '7' }),
          principals: new Set(),
          groups: new Set(),
        }),
      secret: double.secret,
    };
  },
  { device: plainDevice, refusedDevice: () => ({ ...plainDevice('CL-9'), commonName: 'CL.9' }) },
);

describe('a device at AWS IoT', () => {
  it('is a thing of its type and groups, whose certificate has the policies', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    expect(await outcomeOf(registry, 'put', device)).toBe('done');
    const { arn, policies } = double.certificates.get(device.certificateSha256)!;
    expect([...policies]).toEqual(['factory']);
    expect(double.things.get('CL-1')).toMatchObject({
      type: 'node',
      principals: new Set([arn]),
      groups: new Set(['lot']),
    });
  });

  it('is registered with its CA, where one is registered', async () => {
    const { double, registry } = await startRig({ registeredCa: CA });
    const checked = await registry.check(SIGNAL);
    expect(checked.filter(({ fault }) => fault !== undefined).map(({ permission }) => permission)).toEqual([
      'find the registered CA',
    ]);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'refused' });
    double.cas.add(createHash('sha256').update(CA).digest('hex'));
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
    expect(double.server.questions.map(({ path }) => path)).not.toContain('/certificate/register-no-ca');
  });

  it.each([
    ['LimitExceededException', 410, 'refused'],
    ['CertificateValidationException', 400, 'refused'],
    ['CertificateStateException', 406, 'refused'],
    ['CertificateConflictException', 409, 'conflict'],
    ['ThrottlingException', 400, 'throttled'],
    ['UnauthorizedException', 401, 'credentials'],
    ['InternalFailureException', 500, 'unavailable'],
  ])('that gets %s is %d as %s', async (kind, status, reason) => {
    const { double, registry } = await startRig();
    double.refuse('POST /certificate/register-no-ca', status, kind);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason });
    expect(double.server.questions).toHaveLength(2);
  });

  it('is detached although its certificate was revoked by an earlier try', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    await outcomeOf(registry, 'put', device);
    double.refuse('DELETE /things/CL-1/principals', 500, 'InternalFailureException');
    expect(await outcomeOf(registry, 'withdraw', device)).toMatchObject({ reason: 'unavailable' });
    const { arn, status } = double.certificates.get(device.certificateSha256)!;
    expect([status, [...double.things.get('CL-1')!.principals]]).toEqual(['REVOKED', [arn]]);
    expect(await outcomeOf(registry, 'withdraw', device)).toBe('done');
    expect([...double.things.get('CL-1')!.principals]).toEqual([]);
  });

  it('whose certificate was deactivated by somebody is active again', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    await outcomeOf(registry, 'put', device);
    double.certificates.get(device.certificateSha256)!.status = 'INACTIVE';
    expect(await registry.probe(device, SIGNAL)).toBe('absent');
    expect(await outcomeOf(registry, 'put', device)).toBe('done');
    expect(double.inUse()).toEqual([device.certificateSha256]);
  });
});

it('uses credentials that were exchanged, from the next request on', async () => {
  const secretFile = join(temporaryFolder(), 'aws');
  const { double, registry } = await startRig({ secretFile });
  writeCredentials(secretFile, double);
  expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
  const before = double.server.questions.length;
  double.accessKeyId = 'ASIAEXAMPLEEXAMPLE01';
  writeCredentials(secretFile, double, ['aws_session_token = token-of-an-hour']);
  expect(await outcomeOf(registry, 'put', plainDevice('CL-2'))).toBe('done');
  const [next] = double.server.questions.slice(before);
  expect(next!.headers.authorization).toContain('Credential=ASIAEXAMPLEEXAMPLE01/');
  expect(next!.headers['x-amz-security-token']).toBe('token-of-an-hour');
});

it('finds names that do not exist, and bad credentials, a sentence each', async () => {
  const { registry } = await startRig({ policies: ['facotry'], groups: ['lots'] });
  const faults = (await registry.check(SIGNAL)).flatMap(({ permission, fault }) =>
    fault ? [permission] : [],
  );
  expect(faults).toEqual(['find the policy facotry', 'find the thing group lots']);
  const secretFile = join(temporaryFolder(), 'aws');
  writeFileSync(secretFile, 'aws_access_key_id = AKIA', { mode: 0o600 });
  const without = await startRig({ secretFile });
  const [first] = await without.registry.check(SIGNAL);
  expect(first!.fault).toContain('lacks aws_access_key_id or aws_secret_access_key');
});

it.each(['UpdateCertificate', 'AttachPolicy', 'AttachThingPrincipal', 'DetachThingPrincipal'])(
  'finds that %s is not allowed, and changes nothing',
  async (action) => {
    const { double, registry } = await startRig();
    await outcomeOf(registry, 'put', plainDevice('CL-1'));
    const before = structuredClone([double.things, double.certificates]);
    expect((await registry.check(SIGNAL)).filter(({ fault }) => fault !== undefined)).toEqual([]);
    double.denied.add(action);
    const checked = await registry.check(SIGNAL);
    const faults = checked.flatMap(({ fault }) => fault ?? []);
    expect(faults).toEqual([expect.stringContaining(`(iot:${action})`)]);
    // What is allowed of something that does not exist proves no writing.
    const notes = checked.filter(({ note }) => note?.includes('not proven'));
    expect(notes).toHaveLength(3);
    expect([double.things, double.certificates]).toEqual(before);
  },
);
