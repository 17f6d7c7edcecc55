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
}

/** The service API of DPS, by its documents. */
export class DpsDouble {
  readonly kept = new Map<string, Kept>();
  /** Enrollment groups that attest by certificates, with their status. */
  readonly groups = new Map<string, string>();
  server!: DoubleServer;
  #etags = 0;

  static async start(): Promise<DpsDouble> {
    const double = new DpsDouble();
    double.server = await startDouble({
      answer: (question) => double.#answer(question),
      throttled: refusal(429, 'Throttled'),
      stranger: refusal(401, 'Unauthorized'),
      broken: refusal(500, 'Internal error'),
    });
    return double;
  }

  /** What a credential file must have, with this key. */
  connectionString(key = DPS_KEY): string {
    return `HostName=${HOST};SharedAccessKeyName=${POLICY};SharedAccessKey=${key}`;
  }

  inUse(): string[] {
    return [...this.kept.values()].filter(({ status }) => status === 'enabled').map(({ sha256 }) => sha256);
  }

  #answer({ method, path, query, headers, body }: DoubleQuestion): DoubleAnswer {
    if (!isSigned(headers.authorization ?? '')) return refusal(401, 'Unauthorized');
    if (query.get('api-version') !== '2021-10-01') return refusal(400, 'no such version');
    const json = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as Record<string, unknown>);
    if (method === 'POST' && path === '/enrollments') return this.#bulk(json);
    const [, group] = /^\/enrollmentGroups\/([^/]+)$/.exec(path) ?? [];
    if (method === 'GET' && group !== undefined) return this.#group(group);
    const id = decodeURIComponent(path.slice('/enrollments/'.length)).toLowerCase();
    const there = this.kept.get(id);
    if (there === undefined) return refusal(404, 'Enrollment not found');
    if (method === 'GET') return { status: 200, body: JSON.stringify(shown(id, there)) };
    if (method !== 'PUT') return refusal(405, 'no such method');
    if (headers['if-match'] !== `"${there.etag}"`) return refusal(412, 'Precondition failed');
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

  #bulk({ mode, enrollments }: Record<string, unknown>): DoubleAnswer {
    const all = enrollments as Record<string, unknown>[];
    if (mode !== 'create' || all.length > 10) return refusal(400, 'bulk operation is invalid');
    const errors = all.flatMap((enrollment) => {
      const registrationId = String(enrollment['registrationId']);
      if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(registrationId))
        return [{ registrationId, errorCode: 400_004, errorStatus: 'registrationId is invalid' }];
      if (this.kept.has(registrationId.toLowerCase()))
        return [{ registrationId, errorCode: 409_001, errorStatus: 'enrollment exists' }];
      this.#keep(enrollment);
      return [];
    });
    return { status: 200, body: JSON.stringify({ isSuccessful: errors.length === 0, errors }) };
  }

  #keep(enrollment: Record<string, unknown>): void {
    const attestation = enrollment['attestation'] as {
      type: string;
      x509: { clientCertificates: { primary: { certificate: string } } };
    };
    if (attestation.type !== 'x509') throw new Error('It attests in another way.');
    const base64 = attestation.x509.clientCertificates.primary.certificate.replaceAll(/-----[^-]*-----/g, '');
    this.put(
      String(enrollment['registrationId']),
      createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex'),
      String(enrollment['provisioningStatus']),
    );
  }

  put(id: string, sha256: string, status = 'enabled'): void {
    this.#etags += 1;
    this.kept.set(id.toLowerCase(), { etag: this.#etags, status, sha256 });
  }
}

function shown(registrationId: string, { etag, status, sha256 }: Kept): unknown {
  const info = { sha256Thumbprint: sha256.toUpperCase(), subjectName: `CN=${registrationId}` };
  return {
    registrationId,
    etag: `"${etag}"`,
    provisioningStatus: status,
    attestation: { type: 'x509', x509: { clientCertificates: { primary: { info } } } },
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
