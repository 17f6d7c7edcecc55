import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  DetachThingPrincipalCommand,
  IoTClient,
  ListThingPrincipalsCommand,
  RegisterCertificateCommand,
  RegisterCertificateWithoutCACommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { pemOf } from '../../pki/x509/pem.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { notUnderstood } from '../http/http-fault.ts';
import { eachDevice } from '../each-device.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../device-registry.ts';
import { AwsHttp } from './aws-http.ts';
import { readAwsCredentials } from './aws-credentials.ts';
import type { AwsCredentials } from './aws-credentials.ts';
import { checkAws } from './aws-checks.ts';
import { awsFault } from './aws-fault.ts';
import { unless } from './unless.ts';

export interface AwsIotOptions {
  readonly name: string;
  readonly region: string;
  /** File as AWS's credentials file, with one profile. */
  readonly secretFile: string;
  /** Attached to each certificate. */
  readonly policies: readonly string[];
  readonly thingType?: string;
  readonly groups?: readonly string[];
  /** Certificate of the CA, DER, that is registered in the account: certificates are registered with it. Else without any. */
  readonly registeredCa?: Uint8Array;
  /** Instead of the endpoint of the region. */
  readonly url?: string;
  readonly deadlineMs?: number;
}

/** The one attribute of a thing by which we recognize it. */
const SERIAL = 'serial';

type Ask<T> = (client: IoTClient) => Promise<T>;

/**
 * AWS IoT Core: a thing for each unit, called as the CN, with its certificate as principal. The id of a certificate at AWS is the
 * SHA-256 of its DER, so it is known before anything is asked. A withdrawn certificate is revoked and detached; its thing stays.
 */
export class AwsIotRegistry implements DeviceRegistry {
  readonly name: string;
  readonly account: string;
  readonly guarantees = { signedIsLive: false, canProbe: true };
  readonly pace: RegistryPace = {
    // Registering certificates and getting policies: 10 in a second by default (quotas as Thingpress documents them, 2025-06).
    devicesPerSecond: 10,
    devicesPerCall: 1,
    callsAtOnce: 8,
    gatherMs: 0,
    firstPauseMs: 1_000,
    longestPauseMs: 300_000,
  };
  readonly #options: AwsIotOptions;
  readonly #http: AwsHttp;
  readonly #client: IoTClient;
  /** What requests are signed with. */
  #secrets: readonly string[] = [];

  constructor(options: AwsIotOptions) {
    const { name, region, url, deadlineMs } = options;
    this.name = name;
    this.account = ['aws-iot', region, ...(url === undefined ? [] : [new URL(url).host])].join(' ');
    this.#options = options;
    const ofHttp = { name, ...(deadlineMs !== undefined && { deadlineMs }) };
    this.#http = new AwsHttp(ofHttp, () => this.#secrets);
    this.#client = new IoTClient({
      region,
      // The library knows the domain of each region, such as amazonaws.com.cn.
      ...(url !== undefined && { endpoint: url }),
      // The outbox tries again, and knows for how long to wait.
      maxAttempts: 1,
      credentials: this.#credentials(),
      requestHandler: this.#http as never,
    });
  }

  async probe(device: Device, signal: AbortSignal): Promise<Presence> {
    const owner = await this.#ownerOf(device, signal);
    if (owner === 'others') return 'other';
    const known = await this.#described(device, signal);
    if (owner === undefined || known?.status !== 'ACTIVE') return 'absent';
    return (await this.#isAttached(device, known.arn, signal)) ? 'present' : 'absent';
  }

  async put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return await eachDevice(devices, (device) => this.#putOne(device, signal));
  }

  async withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return await eachDevice(devices, (device) => this.#withdrawOne(device, signal));
  }

  async check(signal: AbortSignal): Promise<CheckedPermission[]> {
    return await checkAws(this.#options, (what, ask) => this.#ask(what, ask), signal);
  }

  async close(): Promise<void> {
    this.#client.destroy();
    this.#http.close();
  }

  /** The thing first: where it is another's, nothing has been registered yet. */
  async #putOne(device: Device, signal: AbortSignal): Promise<void> {
    const abort = { abortSignal: signal };
    const { commonName: thingName } = device;
    const { policies, groups = [] } = this.#options;
    await this.#createThing(device, signal);
    const principal = await this.#register(device, signal);
    for (const thingGroupName of groups)
      await this.#ask('add a thing to a group', (client) =>
        client.send(new AddThingToThingGroupCommand({ thingGroupName, thingName }), abort),
      );
    for (const policyName of policies)
      await this.#ask('attach a policy', (client) =>
        client.send(new AttachPolicyCommand({ policyName, target: principal }), abort),
      );
    await this.#ask('attach a certificate to a thing', (client) =>
      client.send(new AttachThingPrincipalCommand({ thingName, principal }), abort),
    );
  }

  async #withdrawOne(device: Device, signal: AbortSignal): Promise<Answer> {
    const abort = { abortSignal: signal };
    const { commonName: thingName, certificateSha256: certificateId } = device;
    // Without a look before: that a certificate is not seen yet does not say that it is not there. To repeat it changes nothing.
    const revoke = new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' });
    const revoked = await this.#ask('revoke a certificate', (client) =>
      absentIsFine(client.send(revoke, abort)),
    );
    if (revoked === undefined) return 'unsure';
    const known = await this.#described(device, signal);
    if (known === undefined) throw this.#notSeen(device, 'certificate');
    await this.#ask('detach a certificate from a thing', (client) =>
      absentIsFine(client.send(new DetachThingPrincipalCommand({ thingName, principal: known.arn }), abort)),
    );
    return 'done';
  }

  /** Creating the same thing again is success; another one of its name is ours where it has the serial. */
  async #createThing(device: Device, signal: AbortSignal): Promise<void> {
    const { thingType: thingTypeName } = this.#options;
    const command = new CreateThingCommand({
      thingName: device.commonName,
      attributePayload: { attributes: { [SERIAL]: device.serial } },
      ...(thingTypeName !== undefined && { thingTypeName }),
    });
    const created = await this.#ask('create a thing', (client) =>
      unless(ResourceAlreadyExistsException, client.send(command, { abortSignal: signal })),
    );
    if (created !== undefined) return this.#mustBe(device.commonName, created.thingName);
    const owner = await this.#ownerOf(device, signal);
    if (owner === 'ours') return;
    if (owner === undefined) throw this.#notSeen(device, 'thing');
    const message = `The registry ${this.name} has a thing called ${device.commonName} whose attribute "${SERIAL}" is not ${device.serial}: find out whose it is.`;
    throw new DeviceRegistryError('conflict', message);
  }

  /** The ARN of the certificate, in use. */
  async #register(device: Device, signal: AbortSignal): Promise<string> {
    const { registeredCa } = this.#options;
    const abort = { abortSignal: signal };
    const certificate = {
      certificatePem: pemOf('CERTIFICATE', device.certificate),
      status: 'ACTIVE',
    } as const;
    const caCertificatePem = registeredCa && pemOf('CERTIFICATE', registeredCa);
    const registered = await this.#ask('register a certificate', (client) =>
      unless(
        ResourceAlreadyExistsException,
        caCertificatePem === undefined
          ? client.send(new RegisterCertificateWithoutCACommand(certificate), abort)
          : client.send(new RegisterCertificateCommand({ ...certificate, caCertificatePem }), abort),
      ),
    );
    if (registered !== undefined) {
      this.#mustBe(device.certificateSha256, registered.certificateId);
      return registered.certificateArn!;
    }
    const known = await this.#described(device, signal);
    if (known === undefined) throw this.#notSeen(device, 'certificate');
    if (known.status !== 'ACTIVE')
      await this.#ask('activate a certificate', (client) =>
        client.send(
          new UpdateCertificateCommand({ certificateId: device.certificateSha256, newStatus: 'ACTIVE' }),
          abort,
        ),
      );
    return known.arn;
  }

  async #described(
    { certificateSha256 }: Device,
    signal: AbortSignal,
  ): Promise<{ readonly arn: string; readonly status: string } | undefined> {
    const command = new DescribeCertificateCommand({ certificateId: certificateSha256 });
    const found = await this.#ask('describe a certificate', (client) =>
      unless(ResourceNotFoundException, client.send(command, { abortSignal: signal })),
    );
    if (found === undefined) return undefined;
    const { certificateArn: arn = '', certificateId, status = '' } = found.certificateDescription ?? {};
    this.#mustBe(certificateSha256, certificateId);
    return { arn, status };
  }

  /** A thing may have more certificates than one answer names. */
  async #isAttached({ commonName: thingName }: Device, arn: string, signal: AbortSignal): Promise<boolean> {
    const seen = new Set<string>();
    let nextToken: string | undefined;
    do {
      const command = new ListThingPrincipalsCommand({ thingName, ...(nextToken && { nextToken }) });
      const page = await this.#ask('list the certificates of a thing', (client) =>
        client.send(command, { abortSignal: signal }),
      );
      if (page.principals?.includes(arn)) return true;
      ({ nextToken } = page);
      // A list that leads back to itself has no end.
      if (seen.has(nextToken ?? '')) throw notUnderstood(this.name);
      seen.add(nextToken ?? '');
    } while (nextToken !== undefined && nextToken !== '');
    return false;
  }

  async #ownerOf(
    { commonName, serial }: Device,
    signal: AbortSignal,
  ): Promise<'ours' | 'others' | undefined> {
    const command = new DescribeThingCommand({ thingName: commonName });
    const found = await this.#ask('describe a thing', (client) =>
      unless(ResourceNotFoundException, client.send(command, { abortSignal: signal })),
    );
    if (found === undefined) return undefined;
    this.#mustBe(commonName, found.thingName);
    return found.attributes?.[SERIAL] === serial ? 'ours' : 'others';
  }

  /**
   * The library keeps credentials that say no end of their validity for the life of the client. It asks a provider that is marked
   * as one that memoizes for each request, so a file that was exchanged is used.
   */
  #credentials(): (() => Promise<AwsCredentials>) & { readonly memoized: true } {
    const { secretFile, name } = this.#options;
    const read = async (): Promise<AwsCredentials> => {
      const credentials = readAwsCredentials(secretFile, name);
      const { secretAccessKey, sessionToken } = credentials;
      this.#secrets = [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
      return credentials;
    };
    return Object.assign(read, { memoized: true } as const);
  }

  /** An answer is about what was asked about, and not another server's. */
  #mustBe(asked: string, answered: string | undefined): void {
    if (answered !== asked) throw notUnderstood(this.name);
  }

  /** AWS said that it has it, and does not show it: a look may be older than that. */
  #notSeen({ commonName }: Device, what: 'certificate' | 'thing'): DeviceRegistryError {
    const message = `The registry ${this.name} says that it has the ${what} of ${commonName}, and does not find it: it is tried again.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown: true });
  }

  async #ask<T>(what: string, ask: Ask<T>): Promise<T> {
    try {
      return await ask(this.#client);
    } catch (error) {
      throw awsFault(this.name, what, error);
    }
  }
}

async function absentIsFine<T>(answer: Promise<T>): Promise<T | undefined> {
  return await unless(ResourceNotFoundException, answer);
}
