import { X509Certificate } from 'node:crypto';
import { startDouble } from '../http/double-server.ts';
import type { DoubleAnswer, DoubleQuestion, DoubleServer } from '../http/double-server.ts';

/** A device as the project has it. */
export interface CloudDevice {
  readonly id: string;
  name: string;
  certificateId: string;
  enabled: boolean;
  hardwareIds: string[];
  tagIds: string[];
  blueprintId: string;
}

/** What the documents leave open, and each project may do in its own way. */
export interface Quirks {
  /** Status of errors: as gRPC gateways translate codes, or always 500, as the API's description says. */
  readonly errors: 'gateway' | 'always-500';
  /** The first page, and whether page 0 is taken for it too. */
  readonly firstPage: 0 | 1;
  /** Fields that are false or empty are left out. */
  readonly omitsEmpty: boolean;
  readonly serials: 'decimal' | 'hex';
}

const PLAIN: Quirks = { errors: 'gateway', firstPage: 0, omitsEmpty: false, serials: 'decimal' };
export const ODD: Quirks = { errors: 'always-500', firstPage: 1, omitsEmpty: true, serials: 'hex' };

/** How gateways of gRPC translate its codes. */
const GATEWAY_STATUS: Readonly<Record<number, number>> = {
  3: 400,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  13: 500,
  14: 503,
  16: 401,
};
const POST_FIELDS = ['name', 'hardwareIds', 'tagIds', 'blueprintId', 'cohortId'];
const PATCH_FIELDS = [
  'addTagId',
  'removeTagId',
  'addHardwareId',
  'removeHardwareId',
  'tagIds',
  'hardwareIds',
  'blueprintId',
  'cohortId',
  'enabled',
  'name',
];

class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A project at Golioth, by its REST facts: strict about what it is asked, and free in what they leave open. */
export class GoliothDouble {
  readonly project: string;
  readonly devices: CloudDevice[] = [];
  readonly certificates: { readonly id: string; readonly pem: string; readonly type: string }[] = [];
  readonly tags = [{ id: 'tag-1', name: 'factory' }];
  readonly blueprints = [{ id: 'blueprint-1', name: 'node' }];
  /** What the key may not do, as in "POST /devices". */
  readonly forbidden = new Set<string>();
  /** A cache before it ignores which page of a list is asked for. */
  isStuck = false;
  apiKey = 'golioth+api/key-of-the-project=';
  server!: DoubleServer;
  readonly #quirks: Quirks;
  #made = 0;

  private constructor(project: string, quirks: Quirks) {
    this.project = project;
    this.#quirks = quirks;
  }

  static async start(project: string, quirks: Partial<Quirks> = {}): Promise<GoliothDouble> {
    const double = new GoliothDouble(project, { ...PLAIN, ...quirks });
    double.server = await startDouble({
      answer: (question) => double.#answer(question),
      unaware: ({ method, path }) =>
        method === 'GET' && path.endsWith('/devices')
          ? { status: 200, body: JSON.stringify({ list: [], page: 0, perPage: 100, total: 0 }) }
          : undefined,
      throttled: (echo) => double.#refusal(new ApiError(8, `${echo}: too many requests`)),
      stranger: (echo) => double.#refusal(new ApiError(16, `unknown API key ${echo}`)),
      broken: (echo) => double.#refusal(new ApiError(13, `${echo}: internal`)),
      secrets: () => [double.apiKey],
    });
    return double;
  }

  /**
   * A handshake succeeded with this certificate: the device that it is, by the three rules; undefined where that one is disabled, and
   * does not get in.
   */
  connect(certificate: Uint8Array): CloudDevice | undefined {
    const device = this.#deviceOf(certificate);
    return device.enabled ? device : undefined;
  }

  #deviceOf(certificate: Uint8Array): CloudDevice {
    const subject = new X509Certificate(certificate).subject;
    const id = /^CN=(.*)$/m.exec(subject)![1]!;
    if (/^O=(.*)$/m.exec(subject)?.[1] !== this.project)
      throw new Error(`There is no project for ${subject}`);
    const bound = this.devices.find(({ certificateId }) => certificateId === id);
    if (bound !== undefined) return bound;
    const named = this.devices.find(({ name }) => name === id);
    if (named !== undefined && named.certificateId === '') {
      named.certificateId = id;
      return named;
    }
    const name = named === undefined ? id : `${id}-x7k2`;
    return this.add({ name, certificateId: id });
  }

  add(fields: Partial<CloudDevice> & { readonly name: string }): CloudDevice {
    this.#made += 1;
    const device: CloudDevice = {
      id: `device-${this.#made}`,
      certificateId: '',
      enabled: true,
      hardwareIds: [`generated-${this.#made}`],
      tagIds: [],
      blueprintId: '',
      ...fields,
    };
    this.devices.push(device);
    return device;
  }

  #answer({ method, path, query, headers, body }: DoubleQuestion): DoubleAnswer {
    try {
      if (headers['x-api-key'] !== this.apiKey) throw new ApiError(16, 'invalid API key');
      const [, project, rest = ''] = /^\/v1\/projects\/([^/]+)(\/.*)$/.exec(path) ?? [];
      if (project !== this.project) throw new ApiError(5, 'project not found');
      if (this.forbidden.has(`${method} ${rest}`)) throw new ApiError(7, 'permission denied');
      const json = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as Record<string, unknown>);
      return { status: 200, body: JSON.stringify(this.#route(method, rest, query, json)) };
    } catch (error) {
      if (error instanceof ApiError) return this.#refusal(error);
      throw error;
    }
  }

  #route(method: string, path: string, query: URLSearchParams, json: Record<string, unknown>): unknown {
    if (method === 'GET' && path === '/devices') return this.#page(query, this.#filtered(query));
    if (method === 'GET' && path === '/certificates') return this.#page(query, this.#certificateList());
    if (method === 'GET' && path === '/tags') return this.#page(query, this.tags);
    if (method === 'GET' && path === '/blueprints') return this.#page(query, this.blueprints);
    if (method === 'POST' && path === '/devices') return { data: this.#shown(this.#create(json)) };
    if (method === 'POST' && path === '/certificates') return { data: this.#addCertificate(json) };
    const [, id] = /^\/devices\/([^/]+)$/.exec(path) ?? [];
    if (method === 'PATCH' && id !== undefined) return { data: this.#shown(this.#patch(id, json)) };
    throw new ApiError(5, `no ${method} ${path}`);
  }

  #filtered(query: URLSearchParams): unknown[] {
    const known = ['page', 'perPage', 'deviceName', 'hardwareId', 'enabled', 'term'];
    for (const key of query.keys()) if (!known.includes(key)) throw new ApiError(3, `unknown filter ${key}`);
    const [name, hardwareId] = [query.get('deviceName'), query.get('hardwareId')];
    return this.devices
      .filter((device) => name === null || device.name === name)
      .filter(({ hardwareIds }) => hardwareId === null || hardwareIds.includes(hardwareId))
      .map((device) => this.#shown(device));
  }

  #page(query: URLSearchParams, all: readonly unknown[]): unknown {
    const [page, perPage] = [Number(query.get('page') ?? 0), Number(query.get('perPage') ?? 100)];
    if (!(perPage >= 1 && perPage <= 100)) throw new ApiError(3, 'perPage must be 1 to 100');
    const from = this.isStuck ? 0 : Math.max(page - this.#quirks.firstPage, 0) * perPage;
    return { list: all.slice(from, from + perPage), page, perPage, total: all.length };
  }

  #create(json: Record<string, unknown>): CloudDevice {
    mustHaveOnly(json, POST_FIELDS);
    const { name, hardwareIds = [], tagIds = [], blueprintId = '' } = json as Partial<CloudDevice>;
    if (typeof name !== 'string' || name === '' || name.includes('@'))
      throw new ApiError(3, 'name is invalid');
    this.#mustExist(tagIds, blueprintId);
    if (this.devices.some((device) => device.name === name)) throw new ApiError(6, 'name is taken');
    this.#mustBeFree(hardwareIds);
    return this.add({
      name,
      tagIds: [...tagIds],
      blueprintId,
      ...(hardwareIds.length > 0 && { hardwareIds: [...hardwareIds] }),
    });
  }

  #patch(id: string, json: Record<string, unknown>): CloudDevice {
    mustHaveOnly(json, PATCH_FIELDS);
    const device = this.devices.find((each) => each.id === id);
    if (device === undefined) throw new ApiError(5, 'device not found');
    const { tagIds, blueprintId, enabled, hardwareIds = [] } = json as Partial<CloudDevice>;
    this.#mustExist(tagIds ?? [], blueprintId ?? '');
    if (enabled !== undefined && typeof enabled !== 'boolean') throw new ApiError(3, 'enabled is invalid');
    this.#mustBeFree(hardwareIds, device);
    const { removeHardwareId = [], ...fields } = json;
    if (!Array.isArray(removeHardwareId)) throw new ApiError(3, 'removeHardwareId is no list');
    device.hardwareIds = device.hardwareIds.filter((each) => !removeHardwareId.includes(each));
    return Object.assign(device, fields);
  }

  #mustBeFree(hardwareIds: readonly string[], except?: CloudDevice): void {
    const others = this.devices.filter((device) => device !== except);
    if (others.some((device) => device.hardwareIds.some((id) => hardwareIds.includes(id))))
      throw new ApiError(6, 'hardware id is taken');
  }

  #mustExist(tagIds: readonly string[], blueprintId: string): void {
    const known = [...this.tags, ...this.blueprints].map((each) => each.id);
    for (const id of [...tagIds, ...(blueprintId === '' ? [] : [blueprintId])])
      if (!known.includes(id)) throw new ApiError(3, `${id} does not exist`);
  }

  #addCertificate(json: Record<string, unknown>): unknown {
    mustHaveOnly(json, ['certFile', 'certType', 'demo']);
    const { certFile, certType } = json as { certFile?: string; certType?: string };
    const pem = Buffer.from(certFile ?? '', 'base64').toString('latin1');
    if (pem.includes('PRIVATE KEY')) throw new Error('A private key was uploaded.');
    if (certType !== 'root' && certType !== 'intermediate') throw new ApiError(3, 'certType is invalid');
    if (!pem.startsWith('-----BEGIN CERTIFICATE-----\n') || !new X509Certificate(pem).ca)
      throw new ApiError(3, 'certFile is no CA certificate');
    this.certificates.push({ id: `certificate-${this.certificates.length + 1}`, pem, type: certType });
    return this.#certificateList().at(-1);
  }

  #certificateList(): unknown[] {
    return this.certificates.map(({ id, pem, type }) => {
      const { subject, issuer, serialNumber, publicKey } = new X509Certificate(pem);
      const serial = this.#quirks.serials === 'hex' ? serialNumber : BigInt(`0x${serialNumber}`).toString();
      return {
        id,
        projectId: this.project,
        certType: type,
        enabled: true,
        demo: false,
        certificateContent: {
          subject: subject.split('\n').toReversed().join(','),
          issuer,
          serialNumber: serial,
          publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
          publicKeyAlgorithm: 'ECDSA',
          version: 3,
        },
      };
    });
  }

  #shown(device: CloudDevice): unknown {
    const all = { ...device, metadata: { status: '-' }, cohortId: '' };
    if (!this.#quirks.omitsEmpty) return all;
    const isEmpty = (value: unknown): boolean =>
      value === '' || value === false || (Array.isArray(value) && value.length === 0);
    return Object.fromEntries(Object.entries(all).filter(([, value]) => !isEmpty(value)));
  }

  #refusal({ code, message }: ApiError): DoubleAnswer {
    const status = this.#quirks.errors === 'gateway' ? (GATEWAY_STATUS[code] ?? 500) : 500;
    return { status, body: JSON.stringify({ code, message, details: [] }) };
  }
}

function mustHaveOnly(json: Record<string, unknown>, fields: readonly string[]): void {
  for (const field of Object.keys(json))
    if (!fields.includes(field)) throw new ApiError(3, `unknown field ${field}`);
}
