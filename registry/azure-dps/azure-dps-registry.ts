import { z } from 'zod';
import { pemOf } from '../../pki/x509/pem.ts';
import { NOT_PROVEN, NOT_TRIED, askedPermission } from '../checked-permission.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { eachDevice } from '../each-device.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryGuarantees,
  RegistryPace,
} from '../device-registry.ts';
import { clockFault } from '../clock-fault.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpAnswer, HttpQuestion } from '../http/http-client.ts';
import { httpFault, jsonIn, notUnderstood } from '../http/http-fault.ts';
import { quoted } from '../http/quoted.ts';
import { sasToken } from './sas-token.ts';

export interface AzureDpsOptions {
  readonly name: string;
  /** Of the service, as in https://example.azure-devices-provisioning.net. */
  readonly url: string;
  /** File with a connection string of a policy that may read and write enrollments. */
  readonly secretFile: string;
  /** An enrollment group that trusts the factory CA: a unit needs an enrollment of its own only to be refused. */
  readonly enrollmentGroup?: string;
  /** Host names of the IoT hubs that devices may be given to; else all that are linked. */
  readonly iotHubs?: readonly string[];
  readonly deadlineMs?: number;
}

const API_VERSION = 'api-version=2021-10-01';
/** Nobody has an enrollment of this id. */
const NO_ENROLLMENT = 'certline-check';
/** Most enrollments of one bulk operation. */
const DEVICES_PER_CALL = 10;

const enrollmentShape = z.object({
  registrationId: z.string(),
  etag: z.string(),
  provisioningStatus: z.enum(['enabled', 'disabled']),
  attestation: z.object({
    x509: z
      .object({
        clientCertificates: z.object({
          primary: z.object({ info: z.object({ sha256Thumbprint: z.string() }) }),
        }),
      })
      .nullish(),
  }),
});
const groupShape = z.object({
  provisioningStatus: z.enum(['enabled', 'disabled']),
  attestation: z.object({ type: z.string() }),
});
const bulkShape = z.object({
  isSuccessful: z.boolean(),
  errors: z
    .array(z.object({ registrationId: z.string(), errorCode: z.int(), errorStatus: z.string().default('') }))
    .nullish(),
});
const errorShape = z.object({ message: z.string() });

/** What only the service sets. */
const READ_ONLY = ['etag', 'createdDateTimeUtc', 'lastUpdatedDateTimeUtc', 'registrationState'];

type Status = 'enabled' | 'disabled';

interface Enrollment {
  readonly etag: string;
  readonly isEnabled: boolean;
  /** SHA-256 of the certificate, lower-case hex; undefined where it attests in another way. */
  readonly certificateSha256: string | undefined;
  /** As the service has it, with all that a person configured. */
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Azure's Device Provisioning Service: an individual enrollment for each unit, whose registration id is the CN, created ten at a
 * time. An enrollment has one certificate in use. `withdraw` disables it, and leaves one that has the unit's next certificate.
 *
 * With an enrollment group for the factory CA, DPS takes every certificate that is signed, and `put` only undoes an earlier
 * `withdraw`, which is a disabled enrollment: DPS looks for one of those before it looks at groups. It is deleted then, so that the
 * unit has the twin and the hubs of the group.
 */
export class AzureDpsRegistry implements DeviceRegistry {
  readonly name: string;
  readonly account: string;
  readonly guarantees: RegistryGuarantees;
  readonly pace: RegistryPace = {
    // 1,000 operations in a minute for a service (its limits, 2024-03), some of which are for devices.
    devicesPerSecond: 12,
    devicesPerCall: DEVICES_PER_CALL,
    callsAtOnce: 2,
    gatherMs: 1_000,
    firstPauseMs: 2_000,
    longestPauseMs: 300_000,
  };
  readonly #options: AzureDpsOptions;
  readonly #client: HttpClient;

  constructor(options: AzureDpsOptions) {
    this.name = options.name;
    this.account = `azure-dps ${new URL(options.url).host}`;
    this.guarantees = { signedIsLive: options.enrollmentGroup !== undefined, canProbe: true };
    this.#options = options;
    this.#client = new HttpClient(options);
  }

  async probe(device: Device, signal: AbortSignal): Promise<Presence> {
    const there = await this.#enrollmentOf(device, signal);
    if (there === undefined) return this.#options.enrollmentGroup === undefined ? 'absent' : 'present';
    if (there.certificateSha256 === device.certificateSha256) return there.isEnabled ? 'present' : 'absent';
    return isOwn(device, there) ? 'absent' : 'other';
  }

  async put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    if (this.#options.enrollmentGroup === undefined) return await this.#create(devices, 'enabled', signal);
    return await eachDevice(devices, async (device) => {
      const there = await this.#enrollmentOf(device, signal);
      // Only a unit that had another certificate may be refused by its name.
      if (there === undefined) return device.others.length > 0 ? 'unsure' : 'done';
      if (isOwn(device, there) && isOnlyRefusal(there)) await this.#delete(device, there, signal);
      else await this.#bring(device, there, 'enabled', signal);
      return 'done';
    });
  }

  async withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return await eachDevice(devices, (device) => this.#withdrawOne(device, signal));
  }

  async check(signal: AbortSignal): Promise<CheckedPermission[]> {
    let isFree = false;
    return [
      await askedPermission('read enrollments', async () => {
        const path = `/enrollments/${NO_ENROLLMENT}?${API_VERSION}`;
        const answer = await this.#ask({ method: 'GET', path }, signal);
        isFree = isAbsent(answer);
        if (isFree) return;
        if (answer.status !== 200) throw this.#fault('read enrollments', answer);
        if (!enrollmentShape.safeParse(jsonIn(this.name, answer)).success) throw notUnderstood(this.name);
      }),
      isFree ? await this.#checkWriting(signal) : { permission: 'write enrollments', note: NOT_TRIED },
      ...(this.#options.enrollmentGroup === undefined
        ? []
        : [await this.#checkGroup(this.#options.enrollmentGroup, signal)]),
    ];
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  /** Deletes an enrollment that is not there. */
  async #checkWriting(signal: AbortSignal): Promise<CheckedPermission> {
    const attempt = async (): Promise<void> => {
      const path = `/enrollments/${NO_ENROLLMENT}?${API_VERSION}`;
      const answer = await this.#ask({ method: 'DELETE', path }, signal);
      if (isAbsent(answer)) return;
      throw this.#fault('write enrollments (EnrollmentWrite)', answer);
    };
    return await askedPermission('write enrollments', attempt, NOT_PROVEN);
  }

  async #checkGroup(group: string, signal: AbortSignal): Promise<CheckedPermission> {
    return await askedPermission(`find the enrollment group ${group}`, async () => {
      const path = `/enrollmentGroups/${encodeURIComponent(group)}?${API_VERSION}`;
      const answer = await this.#ask({ method: 'GET', path }, signal);
      if (answer.status !== 200 && !isAbsent(answer)) throw this.#fault('read an enrollment group', answer);
      const { data } = groupShape.safeParse(answer.status === 200 ? jsonIn(this.name, answer) : undefined);
      if (data?.provisioningStatus === 'enabled' && data.attestation.type === 'x509') return;
      const message = `The registry ${this.name} has no enrollment group ${group} that is enabled and attests by certificates: create it for the factory CA.`;
      throw new DeviceRegistryError('credentials', message);
    });
  }

  /** Creates enrollments; those that are there already and ours get this status. */
  async #create(devices: readonly Device[], status: Status, signal: AbortSignal): Promise<Answer[]> {
    const json = { mode: 'create', enrollments: devices.map((device) => this.#enrollment(device, status)) };
    const answer = await this.#ask({ method: 'POST', path: `/enrollments?${API_VERSION}` }, signal, json);
    // Some refusals of single enrollments come with an error of the whole.
    if (answer.status !== 200 && answer.status !== 400) throw this.#fault('create enrollments', answer);
    const { success, data } = bulkShape.safeParse(jsonIn(this.name, answer));
    if (!success) {
      if (answer.status === 400) throw this.#fault('create enrollments', answer);
      throw notUnderstood(this.name);
    }
    const errors = new Map((data.errors ?? []).map((error) => [error.registrationId.toLowerCase(), error]));
    const errorOf = ({ commonName }: Device) => errors.get(commonName.toLowerCase());
    // Where none of its errors is of a device that was sent, it says nothing of them.
    const isOurs = data.isSuccessful || devices.some((device) => errorOf(device) !== undefined);
    const open = devices.filter((device) => !isOurs || errorOf(device) !== undefined);
    const settled = await eachDevice(open, (device) =>
      this.#settled(device, status, answer, errorOf(device), signal),
    );
    return devices.map((device) => settled[open.indexOf(device)] ?? 'done');
  }

  async #withdrawOne(device: Device, signal: AbortSignal): Promise<Answer> {
    const there = await this.#enrollmentOf(device, signal);
    if (this.#options.enrollmentGroup !== undefined) return await this.#withdrawName(device, there, signal);
    // The unit's next certificate was put in its place after it.
    if (there !== undefined && there.certificateSha256 === device.inUse) return 'done';
    const isThis = there?.certificateSha256 === device.certificateSha256;
    if (!isThis || !there.isEnabled) return 'unsure';
    await this.#write(device, there, 'disabled', signal);
    return 'done';
  }

  /** The group takes each certificate of the unit, so it is the name that is refused, by an enrollment of its own. */
  async #withdrawName(device: Device, there: Enrollment | undefined, signal: AbortSignal): Promise<Answer> {
    if (there !== undefined && !isOwn(device, there)) return this.#taken(device);
    if (device.inUse !== undefined) return 'done';
    if (device.continues) {
      if (there === undefined || !isOnlyRefusal(there)) return 'unsure';
      await this.#delete(device, there, signal);
      return 'done';
    }
    if (there === undefined) return (await this.#create([device], 'disabled', signal))[0]!;
    if (!there.isEnabled) return 'unsure';
    await this.#write(device, there, 'disabled', signal);
    return 'done';
  }

  /** What an error of one enrollment comes to: one that exists may be ours, or have an earlier certificate of the unit. */
  async #settled(
    device: Device,
    target: Status,
    bulk: HttpAnswer,
    error: { readonly errorCode: number; readonly errorStatus: string } | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (error === undefined) throw notUnderstood(this.name);
    // 409001: the first three digits are a status of HTTP.
    const status = Number(String(error.errorCode).slice(0, 3));
    if (status !== 409) {
      // An error without words is one of the service, too, and about this enrollment.
      const said = error.errorStatus === '' ? `code ${error.errorCode}` : error.errorStatus;
      const fault = httpFault(this.name, `create ${device.commonName}`, { ...bulk, status }, said);
      if (fault.reason === 'refused') return fault;
      throw fault;
    }
    const there = await this.#enrollmentOf(device, signal);
    if (there === undefined) throw notUnderstood(this.name);
    if (!isOwn(device, there)) return this.#taken(device);
    await this.#bring(device, there, target, signal);
    return 'done';
  }

  /** Makes an enrollment that of this certificate. Throws `conflict` where it is not ours. */
  async #bring(device: Device, there: Enrollment, target: Status, signal: AbortSignal): Promise<void> {
    if (!isOwn(device, there)) throw this.#taken(device);
    const isSame = there.certificateSha256 === device.certificateSha256;
    if (!isSame || there.isEnabled !== (target === 'enabled'))
      await this.#write(device, there, target, signal);
  }

  async #enrollmentOf({ commonName }: Device, signal: AbortSignal): Promise<Enrollment | undefined> {
    const path = `/enrollments/${encodeURIComponent(commonName)}?${API_VERSION}`;
    const answer = await this.#ask({ method: 'GET', path }, signal);
    if (isAbsent(answer)) return undefined;
    if (answer.status !== 200) throw this.#fault('read an enrollment', answer);
    return this.#enrollmentIn(answer, commonName);
  }

  #enrollmentIn(answer: HttpAnswer, commonName: string): Enrollment {
    const body = jsonIn(this.name, answer);
    const { success, data } = enrollmentShape.safeParse(body);
    if (!success || data.registrationId.toLowerCase() !== commonName.toLowerCase())
      throw notUnderstood(this.name);
    return {
      body: body as Enrollment['body'],
      etag: data.etag,
      isEnabled: data.provisioningStatus === 'enabled',
      certificateSha256:
        data.attestation.x509?.clientCertificates.primary.info.sha256Thumbprint.toLowerCase(),
    };
  }

  /** Changes status and certificate of what was read, and nothing that somebody changed since. */
  async #write(device: Device, there: Enrollment, status: Status, signal: AbortSignal): Promise<void> {
    const path = `/enrollments/${encodeURIComponent(device.commonName)}?${API_VERSION}`;
    const question = { method: 'PUT', path, headers: { 'if-match': there.etag } } as const;
    const answer = await this.#ask(question, signal, changed(there, device, status));
    if (answer.status === 412) throw this.#changed(device);
    if (answer.status !== 200) throw this.#fault('change an enrollment', answer);
    const { isEnabled } = this.#enrollmentIn(answer, device.commonName);
    if (isEnabled !== (status === 'enabled')) throw notUnderstood(this.name);
  }

  async #delete(device: Device, there: Enrollment, signal: AbortSignal): Promise<void> {
    const path = `/enrollments/${encodeURIComponent(device.commonName)}?${API_VERSION}`;
    const question = { method: 'DELETE', path, headers: { 'if-match': there.etag } } as const;
    const answer = await this.#ask(question, signal);
    if (answer.status === 204 || isAbsent(answer)) return;
    throw answer.status === 412 ? this.#changed(device) : this.#fault('delete an enrollment', answer);
  }

  #changed({ commonName }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} says that somebody else changed the enrollment of ${commonName} at the same time: it is tried again.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown: true });
  }

  #enrollment({ commonName, certificate }: Device, provisioningStatus: Status): unknown {
    const { iotHubs } = this.#options;
    return {
      registrationId: commonName,
      deviceId: commonName,
      provisioningStatus,
      attestation: attestationBy(certificate),
      ...(iotHubs && { iotHubs }),
    };
  }

  async #ask(
    question: Omit<HttpQuestion, 'body' | 'secrets'>,
    signal: AbortSignal,
    json?: unknown,
  ): Promise<HttpAnswer> {
    const { authorization, secrets } = sasToken(this.#options.secretFile, this.name);
    const headers = {
      ...question.headers,
      authorization,
      ...(json !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    };
    return await this.#client.ask(
      { ...question, headers, secrets, ...(json !== undefined && { body: JSON.stringify(json) }) },
      signal,
    );
  }

  #fault(what: string, answer: HttpAnswer): DeviceRegistryError {
    const said = saidIn(answer);
    return httpFault(this.name, what, answer, said, this.#signatureFault(answer, said));
  }

  /** Why a signature is refused. Something between us and the service, which says nothing, does not look at its host. */
  #signatureFault({ status, headers }: HttpAnswer, said: string): string | undefined {
    if (status !== 401 && status !== 403) return undefined;
    return clockFault(headers) ?? (said === '' ? undefined : this.#hostFault());
  }

  /** DPS refuses a signature for another service, without saying why. */
  #hostFault(): string | undefined {
    const { url, secretFile } = this.#options;
    const [asked, signed] = [new URL(url).hostname, sasToken(secretFile, this.name).host];
    if (asked === signed.toLowerCase()) return undefined;
    return `its connection string is of ${quoted(signed, [])} and its address is ${asked}, so make both those of the service`;
  }

  #taken({ commonName }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} has an enrollment ${commonName} with a certificate that is not the unit's: find out which one is real.`;
    return new DeviceRegistryError('conflict', message);
  }
}

/** An enrollment as the service has it, with this certificate and status. A PUT replaces all: what it leaves out is lost. */
function changed({ body }: Enrollment, { certificate }: Device, provisioningStatus: Status): unknown {
  const kept = Object.entries(body).filter(([field]) => !READ_ONLY.includes(field));
  const { attestation } = body as { readonly attestation: Attestation };
  return {
    ...Object.fromEntries(kept),
    provisioningStatus,
    attestation: attestationBy(certificate, attestation.x509?.clientCertificates),
  };
}

interface Attestation {
  readonly x509?: { readonly clientCertificates: object } | null;
}

/** By this certificate as the primary one; a second one stays. */
function attestationBy(certificate: Uint8Array, there: object = {}): unknown {
  const primary = { certificate: pemOf('CERTIFICATE', certificate) };
  return { type: 'x509', x509: { clientCertificates: { ...there, primary } } };
}

/** What the service says of an error; empty where something between us and the service answered. */
function saidIn({ body }: HttpAnswer): string {
  try {
    return errorShape.parse(JSON.parse(body.toString('utf8'))).message;
  } catch {
    return '';
  }
}

/** Only the service itself can say that something is not there: a proxy answers 404 for everything. */
function isAbsent(answer: HttpAnswer): boolean {
  return answer.status === 404 && saidIn(answer) !== '';
}

function isOwn({ certificateSha256, others }: Device, there: Enrollment): boolean {
  const { certificateSha256: found } = there;
  return found !== undefined && [certificateSha256, ...others].includes(found);
}

/** What a person may configure in an enrollment, and `withdraw` does not. */
const CONFIGURED = ['initialTwin', 'customAllocationDefinition', 'optionalDeviceInformation'];

/** Whether an enrollment only refuses its unit: then it can go. */
function isOnlyRefusal({ isEnabled, body }: Enrollment): boolean {
  const { attestation } = body as { readonly attestation: Attestation };
  const { secondary }: { readonly secondary?: unknown } = attestation.x509?.clientCertificates ?? {};
  return !isEnabled && !hasValue(secondary) && !CONFIGURED.some((field) => hasValue(body[field]));
}

/** A twin that nobody configured may be there, and be empty. */
function hasValue(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(hasValue);
  return value !== undefined && value !== null;
}
