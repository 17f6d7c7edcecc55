import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
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

function writeCredentials(path: string, { accessKeyId, secret, token }: AwsDouble): void {
  const key = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secret}`];
  writeFileSync(path, ['[default]', ...key, `aws_session_token = ${token}`].join('\n'), { mode: 0o600 });
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
      secrets: () => [
        double.secret,
        double.token,
        ...double.server.questions.flatMap(
          ({ headers }) => /Signature=(\S+)/.exec(headers.authorization ?? '')?.[1] ?? [],
        ),
      ],
    };
  },
  { device: plainDevice, refusedDevice: () => ({ ...plainDevice('CL-9'), commonName: 'CL.9' }) },
  { stub: 'its own answer to a change is an empty object, too' },
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

  it.each([
    ['ServiceUnavailableException', 503, 'unavailable', '120', 120_000],
    [
      'InternalFailureException',
      500,
      'unavailable',
      new Date(Date.now() + 7_200_000).toUTCString(),
      3_600_000,
    ],
    ['ThrottlingException', 400, 'throttled', '120', 120_000],
    ['ThrottlingException', 400, 'throttled', '0', 1_000],
    ['UnauthorizedException', 401, 'credentials', '120', 120_000],
  ])('that gets %s waits as long as AWS asks', async (kind, status, reason, retryAfter, waitMs) => {
    const { double, registry } = await startRig();
    double.refuse('POST /certificate/register-no-ca', status, kind, retryAfter);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason, waitMs });
  });

  it.each([
    ['ForbiddenException', 403, 'credentials'],
    ['ExpiredToken', 403, 'credentials'],
    ['ExpiredTokenException', 400, 'credentials'],
    ['IncompleteSignatureException', 400, 'credentials'],
    ['ConflictingResourceUpdateException', 409, 'unavailable'],
    ['AnotherException', 400, 'refused'],
    ['AnotherException', 403, 'credentials'],
    ['AnotherException', 409, 'conflict'],
    ['AnotherException', 429, 'throttled'],
    ['AnotherException', 503, 'unavailable'],
  ])(
    'that gets %s with %d is %s, although no operation of ours documents it',
    async (kind, status, reason) => {
      const { double, registry } = await startRig();
      double.refuse('POST /certificate/register-no-ca', status, kind);
      expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason });
    },
  );

  const PAGE = '<html>Access denied by the proxy</html>';
  it.each([
    [401, PAGE, 'credentials'],
    [403, PAGE, 'credentials'],
    [407, PAGE, 'credentials'],
    [400, PAGE, 'credentials'],
    [400, '{"message":"no"}', 'credentials'],
    [404, '{"message":"no"}', 'credentials'],
    [429, '', 'throttled'],
    [429, PAGE, 'throttled'],
    [502, PAGE, 'unavailable'],
    [503, '', 'unavailable'],
  ])('that gets %d from something before AWS, with "%s", is %s', async (status, body, reason) => {
    const { double, registry } = await startRig();
    double.refusals.set('POST /things/CL-1', { status, headers: { 'retry-after': '120' }, body });
    const outcome = await outcomeOf(registry, 'put', plainDevice('CL-1'));
    expect(outcome).toMatchObject({ reason, waitMs: 120_000, message: expect.stringContaining(`${status}`) });
    expect(String(outcome)).not.toMatch(/SyntaxError|hidden field|Unknown|Access denied/);
  });

  it('whose thing is taken and not seen yet is no conflict', async () => {
    const { double, registry } = await startRig();
    const attributes = JSON.stringify({ serial: 'CL-1', room: '7' });
    double.things.set('CL-1', { type: '', attributes, principals: new Set(), groups: new Set() });
    double.server.misbehave('stale-read', 2);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'unavailable' });
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
  });

  it('is revoked although AWS does not show its certificate yet', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    await outcomeOf(registry, 'put', device);
    double.server.misbehave('stale-read', 2);
    expect(await outcomeOf(registry, 'withdraw', device)).toMatchObject({ reason: 'unavailable' });
    expect(double.inUse()).toEqual([]);
    expect(await outcomeOf(registry, 'withdraw', device)).toBe('done');
    expect([...double.things.get('CL-1')!.principals]).toEqual([]);
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

it.each([
  ['eu-central-1', 'iot.eu-central-1.amazonaws.com:443'],
  ['us-gov-west-1', 'iot.us-gov-west-1.amazonaws.com:443'],
  ['cn-north-1', 'iot.cn-north-1.amazonaws.com.cn:443'],
])('asks AWS where the region %s is', async (region, place) => {
  const asked: (string | undefined)[] = [];
  const proxy = createServer().on('connect', ({ url }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  vi.stubEnv('https_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const secretFile = join(temporaryFolder(), 'aws');
  writeCredentials(secretFile, new AwsDouble());
  const registry = new AwsIotRegistry({ name: 'aws', region, secretFile, policies: ['factory'] });
  expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'unavailable' });
  expect(asked).toEqual([place]);
  await registry.close();
});

it('asks nobody by an address that is not safe', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', 'http://aws.example.com');
  onTestFinished(() => void vi.unstubAllEnvs());
  const secretFile = join(temporaryFolder(), 'aws');
  writeCredentials(secretFile, new AwsDouble());
  const registry = new AwsIotRegistry({ name: 'aws', region: REGION, secretFile, policies: ['factory'] });
  expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({
    reason: 'credentials',
    message: expect.stringContaining('AWS_ENDPOINT_URL'),
  });
  await registry.close();
});

it('uses credentials that were exchanged, from the next request on', async () => {
  const secretFile = join(temporaryFolder(), 'aws');
  const { double, registry } = await startRig({ secretFile });
  writeCredentials(secretFile, double);
  expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
  const before = double.server.questions.length;
  double.accessKeyId = 'ASIAEXAMPLEEXAMPLE01';
  double.token = 'token-of-an-hour';
  writeCredentials(secretFile, double);
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

it.each([
  'DescribeThing',
  'ListThingPrincipals',
  'DescribeCertificate',
  'GetPolicy',
  'DescribeThingType',
  'DescribeThingGroup',
  'AddThingToThingGroup',
  'UpdateCertificate',
  'AttachPolicy',
  'AttachThingPrincipal',
  'DetachThingPrincipal',
])('finds that %s is not allowed, and changes nothing', async (action) => {
  const { double, registry } = await startRig();
  await outcomeOf(registry, 'put', plainDevice('CL-1'));
  const before = structuredClone([double.things, double.certificates]);
  expect((await registry.check(SIGNAL)).filter(({ fault }) => fault !== undefined)).toEqual([]);
  double.denied.add(action);
  const checked = await registry.check(SIGNAL);
  const faults = checked.flatMap(({ fault }) => fault ?? []);
  expect(faults).toEqual([expect.stringContaining(`iot:${action}`)]);
  expect(faults[0]).toContain('allow this in the policies of the credentials');
  // What is allowed of something that does not exist proves no writing.
  const changes = checked.filter(({ permission }) => /^(?:revoke|add|attach|detach)/.test(permission));
  expect(changes.filter(({ note, fault }) => fault ?? note?.includes('not proven'))).toEqual(changes);
  expect([double.things, double.certificates]).toEqual(before);
});

it('takes a list of certificates without a member for one that has none', async () => {
  const { double, registry } = await startRig();
  const nothing = createHash('sha256').update('no certificate').digest('hex');
  double.refusals.set(`GET /things/${nothing}/principals`, { status: 200, body: '{}' });
  expect((await registry.check(SIGNAL)).filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(double.refusals.size).toBe(0);
});

it('finds a thing type that is deprecated, and a CA that is not active', async () => {
  const { double, registry } = await startRig({ registeredCa: CA });
  double.cas.add(createHash('sha256').update(CA).digest('hex'));
  const faults = async (): Promise<string[]> =>
    (await registry.check(SIGNAL)).flatMap(({ fault }) => fault ?? []);
  expect(await faults()).toEqual([]);
  double.deprecated.add('node');
  double.caStatus = 'INACTIVE';
  expect(await faults()).toEqual([
    expect.stringContaining('The thing type node of the registry aws is deprecated'),
    expect.stringContaining('is not active'),
  ]);
});

it.each([
  [3_600_000, '60 minutes behind'],
  [-3_600_000, '60 minutes ahead'],
])('says that the clock of this host is wrong: AWS is %i ms ahead', async (aheadMs, says) => {
  const { double, registry } = await startRig();
  double.aheadMs = aheadMs;
  const [first] = await registry.check(SIGNAL);
  expect(first!.fault).toContain(`the clock of this host is ${says}, so set it`);
});

it('finds the certificate of a unit among many of its thing', async () => {
  const { double, registry } = await startRig();
  const device = plainDevice('CL-1');
  await outcomeOf(registry, 'put', device);
  const { principals } = double.things.get('CL-1')!;
  const [own = ''] = principals;
  principals.clear();
  for (const each of ['a', 'b', 'c', 'd', own]) principals.add(each);
  expect(await registry.probe(device, SIGNAL)).toBe('present');
});

it('does not look for a certificate without end in a list that leads back to its beginning', async () => {
  const { double, registry } = await startRig();
  const one = plainDevice('CL-1');
  expect(await outcomeOf(registry, 'put', one)).toBe('done');
  const { principals } = double.things.get('CL-1')!;
  principals.clear();
  for (const each of ['a', 'b', 'c', 'd']) principals.add(each);
  double.isLooping = true;
  await expect(registry.probe(one, SIGNAL)).rejects.toMatchObject({ reason: 'unavailable' });
  expect(double.server.questions.length).toBeLessThan(20);
});
