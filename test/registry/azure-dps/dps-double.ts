import { createHash, createHmac } from 'node:crypto';
import type { Device } from '../../../registry/device-registry.ts';
import { startDouble } from '../http/double-server.ts';
import type { DoubleAnswer, DoubleQuestion, DoubleServer } from '../http/double-server.ts';

const HOST = 'line.azure-devices-provisioning.net';
const POLICY = 'provisioningserviceowner';
export const DPS_KEY = Buffer.from('the shared access key of a policy').toString('base64');

interface Kept {
  etag: number;
  status: string;
  sha256: string;
  /** What else an enrollment has: a person may have set it. */
  settings: Record<string, unknown>;
  secondary?: unknown;
}

/** What an enrollment has where it was created without. */
const DEFAULTS = {
  allocationPolicy: 'hashed',
  capabilities: { iotEdge: false },
  reprovisionPolicy: { updateHubAssignment: true, migrateDeviceData: true },
};
/** What a caller may set, beside the id, the status and the attestation. */
const SETTINGS = [
  'deviceId',
  'iotHubs',
  'iotHubHostName',
  'initialTwin',
  'allocationPolicy',
  'reprovisionPolicy',
  'capabilities',
  'customAllocationDefinition',
  'optionalDeviceInformation',
];
const FIELDS = ['registrationId', 'provisioningStatus', 'attestation', ...SETTINGS];

/** The service API of DPS, by its documents. */
export class DpsDouble {
  readonly kept = new Map<string, Kept>();
  /** Enrollment groups that attest by certificates, with their status. */
  readonly groups = new Map<string, string>();
  /** Whether the policy has EnrollmentWrite. */
  mayWrite = true;
  /** Errors of single enrollments have only a code. */
  isTerse = false;
  /** What it says instead of the next bulk answer; nothing is carried out. */
  bulkAnswer?: object;
  /** What it says that time it is, instead of the time of this host. */
  date?: string;
  server!: DoubleServer;
  #etags = 0;

  static async start(): Promise<DpsDouble> {
    const double = new DpsDouble();
    double.server = await startDouble({
      answer: (question) => double.#answer(question),
      unaware: ({ method, path }) =>
        method === 'GET' && path.startsWith('/enrollments/')
          ? refusal(404, 'Enrollment not found')
          : undefined,
      throttled: (echo) => refusal(429, `${echo}: throttled`),
      stranger: (echo) => refusal(401, `Unauthorized: ${echo}`),
      broken: (echo) => refusal(500, `${echo}: internal error`),
      secrets: () => [DPS_KEY],
    });
    return double;
  }

  /** What a credential file must have, with this key. */
  connectionString(key = DPS_KEY, host = HOST): string {
    return `HostName=${host};SharedAccessKeyName=${POLICY};SharedAccessKey=${key}`;
  }

  inUse(): string[] {
    return [...this.kept.values()].filter(({ status }) => status === 'enabled').map(({ sha256 }) => sha256);
  }

  #answer({ method, path, query, headers, body }: DoubleQuestion): DoubleAnswer {
    if (!isSigned(headers.authorization ?? '')) {
      const answer = refusal(401, 'Unauthorized');
      return this.date === undefined ? answer : { ...answer, headers: { date: this.date } };
    }
    if (query.get('api-version') !== '2021-10-01') return refusal(400, 'no such version');
    const json = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as Record<string, unknown>);
    if (method === 'POST' && path === '/enrollments') return this.#bulk(json, headers.authorization ?? '');
    const [, group] = /^\/enrollmentGroups\/([^/]+)$/.exec(path) ?? [];
    if (method === 'GET' && group !== undefined) return this.#group(group);
    if (method !== 'GET' && !this.mayWrite) return refusal(401, 'Unauthorized');
    const id = decodeURIComponent(path.slice('/enrollments/'.length)).toLowerCase();
    const there = this.kept.get(id);
    if (there === undefined) return refusal(404, 'Enrollment not found');
    if (method === 'GET') return { status: 200, body: JSON.stringify(shown(id, there)) };
    const mustMatch = headers['if-match'];
    if (method === 'DELETE') {
      if (mustMatch !== undefined && mustMatch !== `"${there.etag}"`)
        return refusal(412, 'Precondition failed');
      this.kept.delete(id);
      return { status: 204 };
    }
    if (method !== 'PUT') return refusal(405, 'no such method');
    if (mustMatch !== `"${there.etag}"`) return refusal(412, 'Precondition failed');
    const fault = faultOf(json);
    if (fault !== undefined) return refusal(400, fault);
    if (String(json['registrationId']).toLowerCase() !== id) return refusal(400, 'registrationId is invalid');
    this.#keep(json);
    return { status: 200, body: JSON.stringify(shown(id, this.kept.get(id)!)) };
  }

  #group(enrollmentGroupId: string): DoubleAnswer {
    const provisioningStatus = this.groups.get(enrollmentGroupId);
    if (provisioningStatus === undefined) return refusal(404, 'Enrollment group not found');
    const attestation = { type: 'x509', x509: { caReferences: { primary: 'factory-ica' } } };
    return { status: 200, body: JSON.stringify({ enrollmentGroupId, provisioningStatus, attestation }) };
  }

  /** Whether a device gets in whose certificate the group trusts: an enrollment of its own is looked for first. */
  lets({ commonName, certificateSha256 }: Device): boolean {
    const there = this.kept.get(commonName.toLowerCase());
    return there === undefined || (there.status === 'enabled' && there.sha256 === certificateSha256);
  }

  /** What is wrong with an enrollment it says with the token of who asked. */
  #bulk({ mode, enrollments }: Record<string, unknown>, token: string): DoubleAnswer {
    const { bulkAnswer } = this;
    delete this.bulkAnswer;
    if (bulkAnswer !== undefined) return { status: 200, body: JSON.stringify(bulkAnswer) };
    const all = enrollments as Record<string, unknown>[];
    if (mode !== 'create' || all.length > 10) return refusal(400, 'bulk operation is invalid');
    const errors = all.flatMap((enrollment) => {
      const registrationId = String(enrollment['registrationId']);
      if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(registrationId))
        return [{ registrationId, errorCode: 400_004, errorStatus: `registrationId is invalid: ${token}` }];
      if (this.kept.has(registrationId.toLowerCase()))
        return [{ registrationId, errorCode: 409_001, errorStatus: 'enrollment exists' }];
      const fault = faultOf(enrollment);
      if (fault !== undefined) return [{ registrationId, errorCode: 400_004, errorStatus: fault }];
      this.#keep(enrollment);
      return [];
    });
    const said = this.isTerse ? errors.map((each) => ({ ...each, errorStatus: undefined })) : errors;
    return { status: 200, body: JSON.stringify({ isSuccessful: errors.length === 0, errors: said }) };
  }

  #keep(enrollment: Record<string, unknown>): void {
    const attestation = enrollment['attestation'] as {
      type: string;
      x509: { clientCertificates: { primary: { certificate: string }; secondary?: unknown } };
    };
    if (attestation.type !== 'x509') throw new Error('It attests in another way.');
    const { primary, secondary } = attestation.x509.clientCertificates;
    const base64 = primary.certificate.replaceAll(/-----[^-]*-----/g, '');
    this.put(
      String(enrollment['registrationId']),
      createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex'),
      String(enrollment['provisioningStatus']),
      Object.fromEntries(Object.entries(enrollment).filter(([field]) => SETTINGS.includes(field))),
      secondary,
    );
  }

  /** What is left out gets its default, also where a person had set it. */
  put(
    id: string,
    sha256: string,
    status = 'enabled',
    settings: Record<string, unknown> = {},
    secondary?: unknown,
  ): void {
    this.#etags += 1;
    const kept = { etag: this.#etags, status, sha256, settings: { ...DEFAULTS, ...settings } };
    this.kept.set(id.toLowerCase(), secondary === undefined ? kept : { ...kept, secondary });
  }
}

/** What is wrong with the fields that a caller sends; what only the service sets is wrong too. */
function faultOf(enrollment: Record<string, unknown>): string | undefined {
  const unknown = Object.keys(enrollment).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return `${unknown} may not be set`;
  const { x509 } = enrollment['attestation'] as { x509: { clientCertificates: { primary: object } } };
  return 'info' in x509.clientCertificates.primary ? 'info may not be set' : undefined;
}

function shown(registrationId: string, { etag, status, sha256, settings, secondary }: Kept): unknown {
  const info = { sha256Thumbprint: sha256.toUpperCase(), subjectName: `CN=${registrationId}` };
  return {
    registrationId,
    etag: `"${etag}"`,
    provisioningStatus: status,
    ...settings,
    createdDateTimeUtc: '2026-01-01T00:00:00.0000000Z',
    lastUpdatedDateTimeUtc: '2026-01-02T00:00:00.0000000Z',
    registrationState: { registrationId, status: 'unassigned' },
    attestation: {
      type: 'x509',
      x509: { clientCertificates: { primary: { info }, ...(secondary !== undefined && { secondary }) } },
    },
  };
}

function isSigned(token: string): boolean {
  const fields = new URLSearchParams(token.replace(/^SharedAccessSignature /, ''));
  const text = `${encodeURIComponent(HOST)}\n${fields.get('se')}`;
  const signature = createHmac('sha256', Buffer.from(DPS_KEY, 'base64')).update(text).digest('base64');
  const isFresh = Number(fields.get('se')) > Date.now() / 1_000;
  return (
    fields.get('sig') === signature && fields.get('sr') === HOST && fields.get('skn') === POLICY && isFresh
  );
}

function refusal(status: number, message: string): DoubleAnswer {
  const body = JSON.stringify({ errorCode: status * 1_000, trackingId: 't', message });
  return { status, body, ...(status === 429 && { headers: { 'retry-after': '5' } }) };
}
