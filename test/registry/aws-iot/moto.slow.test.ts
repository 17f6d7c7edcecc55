import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreatePolicyCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  GetRegistrationCodeCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
  RegisterCACertificateCommand,
  RegisterCertificateWithoutCACommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsIotRegistry } from '../../../registry/aws-iot/aws-iot-registry.ts';
import type { AwsIotOptions } from '../../../registry/aws-iot/aws-iot-registry.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import type { Device } from '../../../registry/device-registry.ts';
import { freshTbs, makeCa, signTbs } from '../../pki/leaf.ts';
import { newPlace } from '../../support/certline.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import { MOTO_INSTALLED, startMoto } from './moto-server.ts';
import type { MotoServer } from './moto-server.ts';

const SIGNAL = new AbortController().signal;
const REGION = 'eu-central-1';
const CREDENTIALS = {
  accessKeyId: 'AKIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'a-secret-that-moto-does-not-check',
};
const NEVER = 'moto never does that';

/** Certificates of real keys, by serial and attempt. */
const issued = new Map<string, Uint8Array>();
let moto: MotoServer;

function device(serial: string, attempt = 1): Device {
  const certificate = issued.get(`${serial}/${attempt}`)!;
  const certificateSha256 = createHash('sha256').update(certificate).digest('hex');
  return { ...plainDevice(serial, attempt), certificate, certificateSha256 };
}

/** Another client than the adapter's, with what an account has before the first device. */
async function newAccount(): Promise<IoTClient> {
  await moto.reset();
  const client = new IoTClient({ region: REGION, endpoint: moto.url, credentials: CREDENTIALS });
  const statement = { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' };
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await client.send(new CreatePolicyCommand({ policyName: 'factory', policyDocument }));
  await client.send(new CreateThingTypeCommand({ thingTypeName: 'node' }));
  await client.send(new CreateThingGroupCommand({ thingGroupName: 'lot' }));
  return client;
}

async function principalsOf(client: IoTClient, thingName: string): Promise<string[]> {
  return (await client.send(new ListThingPrincipalsCommand({ thingName }))).principals ?? [];
}

function newRegistry(options: Partial<AwsIotOptions> = {}): AwsIotRegistry {
  const secretFile = join(temporaryFolder(), 'aws');
  const lines = [
    `aws_access_key_id = ${CREDENTIALS.accessKeyId}`,
    `aws_secret_access_key = ${CREDENTIALS.secretAccessKey}`,
  ];
  writeFileSync(secretFile, lines.join('\n'), { mode: 0o600 });
  const place = { name: 'aws', region: REGION, secretFile, url: moto.url };
  return new AwsIotRegistry({
    ...place,
    policies: ['factory'],
    thingType: 'node',
    groups: ['lot'],
    ...options,
  });
}

async function startRig(): Promise<RegistryRig & { readonly client: IoTClient }> {
  const client = await newAccount();
  return {
    client,
    registry: newRegistry(),
    inUse: async () => {
      const { things = [] } = await client.send(new ListThingsCommand({}));
      const principals = await Promise.all(
        things.map(({ thingName = '' }) => principalsOf(client, thingName)),
      );
      const ids = principals.flat().map((arn) => arn.split('/').at(-1)!);
      const found = await Promise.all(
        ids.map((certificateId) => client.send(new DescribeCertificateCommand({ certificateId }))),
      );
      return ids.filter((_id, at) => found[at]!.certificateDescription?.status === 'ACTIVE');
    },
    misbehave: () => {
      throw new Error(NEVER);
    },
    plant: async ({ commonName, serial }, whose) => {
      if (whose === 'others') throw new Error('moto gives a thing to whoever creates it last');
      const attributes = { serial };
      await client.send(new CreateThingCommand({ thingName: commonName, attributePayload: { attributes } }));
    },
    secrets: () => [CREDENTIALS.secretAccessKey],
  };
}

describe.skipIf(!MOTO_INSTALLED)(
  "AWS IoT Core as moto's server plays it (test/registry/aws-iot/install-moto.sh installs it)",
  () => {
    beforeAll(async () => {
      const ca = await makeCa(temporaryFolder());
      for (const [serial, attempt] of [
        ['CL-1', 1],
        ['CL-1', 2],
        ['CL-2', 1],
      ] as const)
        issued.set(`${serial}/${attempt}`, await signTbs(ca, await freshTbs(ca, serial)));
      moto = await startMoto();
    });
    afterAll(async () => await moto?.stop());

    describeDeviceRegistry(
      'moto',
      startRig,
      { device, refusedDevice: () => device('CL-2') },
      {
        'conflict-others': 'moto creates a thing again with other attributes, where AWS says 409',
        refused: 'moto takes names that AWS refuses',
        'timeout-after-commit': NEVER,
        'cut-after-commit': NEVER,
        slow: NEVER,
        endless: NEVER,
        garbage: NEVER,
        throttle: NEVER,
        'server-error': NEVER,
        'bad-credentials': NEVER,
        'stale-read': NEVER,
        'other-protocol': NEVER,
        'no-route': NEVER,
        'no-method': NEVER,
        'sign-in': NEVER,
        stub: NEVER,
        'mixed-up': NEVER,
        compressed: NEVER,
        'hang-up': NEVER,
      },
    );

    it('has a thing of its type and groups, whose certificate has the policies', async () => {
      const { registry, client } = await startRig();
      const one = device('CL-1');
      expect(await outcomeOf(registry, 'put', one)).toBe('done');
      const thingName = 'CL-1';
      expect(await client.send(new DescribeThingCommand({ thingName }))).toMatchObject({
        thingTypeName: 'node',
        attributes: { serial: 'CL-1' },
      });
      const [target = '', ...more] = await principalsOf(client, thingName);
      // The id that was computed before anything was asked.
      expect([target.split('/').at(-1), more]).toEqual([one.certificateSha256, []]);
      const { policies } = await client.send(new ListAttachedPoliciesCommand({ target }));
      expect(policies).toMatchObject([{ policyName: 'factory' }]);
      const { thingGroups } = await client.send(new ListThingGroupsForThingCommand({ thingName }));
      expect(thingGroups).toMatchObject([{ groupName: 'lot' }]);
      await registry.close();
    });

    it('activates and attaches a certificate that somebody registered before', async () => {
      const { registry, client, inUse } = await startRig();
      const one = device('CL-1');
      const certificatePem = pemOf('CERTIFICATE', one.certificate);
      const command = new RegisterCertificateWithoutCACommand({ certificatePem, status: 'INACTIVE' });
      await client.send(command);
      await expect(client.send(command)).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
      expect(await outcomeOf(registry, 'put', one)).toBe('done');
      expect(await inUse()).toEqual([one.certificateSha256]);
      await registry.close();
    });
    it('registers with a CA that proved its key, as docs/clouds.md sets it up', async () => {
      const place = newPlace();
      expect(await place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
      const { registry: other, client } = await startRig();
      await other.close();
      const { registrationCode = '' } = await client.send(new GetRegistrationCodeCommand({}));
      const caCertificate = (await place.certline('ca', 'export')).stdout;
      const proof = await place.certline('ca', 'prove', registrationCode);
      expect([proof.status, proof.stderr]).toEqual([0, '']);
      const verificationCertificate = proof.stdout;
      expect(new X509Certificate(verificationCertificate).subject).toBe(`CN=${registrationCode}`);
      const { certificateId } = await client.send(
        new RegisterCACertificateCommand({ caCertificate, verificationCertificate, setAsActive: true }),
      );
      const registeredCa = new X509Certificate(caCertificate).raw;
      expect(certificateId).toBe(createHash('sha256').update(registeredCa).digest('hex'));
      const registry = newRegistry({ registeredCa });
      const faults = (await registry.check(SIGNAL)).filter(({ fault }) => fault !== undefined);
      expect(faults).toEqual([]);
      expect(await outcomeOf(registry, 'put', device('CL-1'))).toBe('done');
      await registry.close();
    });
  },
);
