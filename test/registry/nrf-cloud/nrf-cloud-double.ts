import { createHash } from 'node:crypto';
import { startDouble } from '../http/double-server.ts';
import type { DoubleAnswer, DoubleQuestion, DoubleServer } from '../http/double-server.ts';

interface KeptDevice {
  subType: string;
  tags: string[];
  fwTypes: string[];
  certificateSha256: string;
}

interface Operation {
  readonly id: string;
  readonly endpoint: string;
  readonly rows: readonly string[][];
  status: 'PENDING' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  errors: string[];
}

const DEVICE_ID = /^[a-z0-9:_-]{1,128}$/i;
const SUB_TYPE = /^[a-zA-Z0-9_.,@/:#-]{0,799}$/;
const TAG = /^[a-zA-Z0-9_.@:#-]+$/;
const FW_TYPE = /^(?:APP|MODEM|BOOT|SOFTDEVICE|BOOTLOADER|MDM_FULL)$/;
const PEM =
  /^-{5}BEGIN CERTIFICATE-{5}(?:\r\n|\r|\n)([^-]+)(?:\r\n|\r|\n)-{5}END CERTIFICATE-{5}(?:\r\n|\r|\n)$/;
const ROWS_MOST = 1_000;

/** nRF Cloud's REST API for one team, by its description and by what Nordic's own tool expects. */
export class NrfCloudDouble {
  /** Of the team. */
  readonly devices = new Map<string, KeptDevice>();
  /** Ids that another team has. */
  readonly elsewhere = new Set<string>();
  readonly operations: Operation[] = [];
  /** What the operation says of a row, by device id, so often; the row is not carried out. */
  readonly rowErrors = new Map<string, string[]>();
  /** Operations stay PENDING until `finish`. */
  isHeld = false;
  role = 'editor';
  apiKey = '0f1e2d3c4b5a69788796a5b4c3d2e1f001020304';
  /** Of the files with errors; they are on another host, and need no key. */
  summary: (url: string) => string = (url) => url;
  server!: DoubleServer;

  static async start(): Promise<NrfCloudDouble> {
    const double = new NrfCloudDouble();
    double.server = await startDouble({
      answer: (question) => double.#answer(question),
      unaware: (question) => double.#unaware(question),
      throttled: (echo) => refusal(429, `${echo}: too many requests`),
      stranger: (echo) => refusal(401, `unknown key ${echo}`),
      broken: (echo) => refusal(500, `${echo}: internal server error`),
      secrets: () => [double.apiKey],
    });
    return double;
  }

  inUse(): string[] {
    return [...this.devices.values()].map(({ certificateSha256 }) => certificateSha256);
  }

  /** Carries out what is held, in order. */
  finish(): void {
    for (const operation of this.operations) if (operation.status === 'PENDING') this.#carryOut(operation);
  }

  /** Devices are not there yet for who looks. */
  #unaware({ method, path }: DoubleQuestion): DoubleAnswer | undefined {
    if (method !== 'GET' || !path.startsWith('/devices')) return undefined;
    return path === '/devices' ? answer(200, { total: 0, items: [] }) : refusal(404, 'Device not found');
  }

  #answer(question: DoubleQuestion): DoubleAnswer {
    const { method, path, headers } = question;
    if (method === 'GET' && path.startsWith('/summaries/')) return this.#summary(question);
    if (headers.authorization !== `Bearer ${this.apiKey}`) return refusal(401, 'Unauthorized');
    const [, kind, id, ...more] = path.split('/').map((part) => decodeURIComponent(part));
    if (more.length > 0) return refusal(404, 'no such path');
    if (kind === 'account' && method === 'GET') return answer(200, { role: this.role });
    if (kind === 'bulk-ops-requests' && method === 'GET')
      return id === undefined ? this.#operations(question.query) : this.#operation(id);
    if (kind !== 'devices') return refusal(404, 'no such path');
    if (method === 'POST') return this.#start(id === undefined ? 'ONBOARD_DEVICES' : id, question);
    if (method === 'GET' && id === undefined) return this.#list(question.query);
    const there = this.devices.get(id ?? '');
    if (there === undefined) return refusal(404, 'Device not found');
    if (method === 'GET') return answer(200, shown(id!, there));
    if (method !== 'DELETE') return refusal(405, 'no such method');
    this.devices.delete(id!);
    return { status: 202 };
  }

  #list(query: URLSearchParams): DoubleAnswer {
    const limit = Number(query.get('pageLimit') ?? 10);
    if (!(limit >= 1 && limit <= 100)) return refusal(422, 'pageLimit is invalid');
    const ids = query.getAll('deviceIds');
    if (ids.some((id) => !DEVICE_ID.test(id))) return refusal(422, 'deviceIds is invalid');
    const found = [...this.devices].filter(([id]) => ids.length === 0 || ids.includes(id));
    const items = found.slice(0, limit).map(([id, device]) => shown(id, device));
    return answer(200, { total: found.length, items });
  }

  #operations(query: URLSearchParams): DoubleAnswer {
    const status = query.get('status');
    const found = this.operations.filter((each) => status === null || each.status === status);
    const items = found.slice(0, Number(query.get('pageLimit') ?? 10)).map((each) => this.#details(each));
    for (const each of found) this.#end(each);
    return answer(200, { total: found.length, items });
  }

  #operation(id: string): DoubleAnswer {
    const operation = this.operations.find((each) => each.id === id);
    if (operation === undefined) return refusal(404, 'no such operation');
    const details = this.#details(operation);
    this.#end(operation);
    return answer(200, details);
  }

  /** What is under way ends while it is asked about or listed, also where the one who started it is gone. */
  #end(operation: Operation): void {
    if (operation.status === 'IN_PROGRESS')
      operation.status = operation.errors.length > 0 ? 'FAILED' : 'SUCCEEDED';
  }

  #details({ id, endpoint, status }: Operation): unknown {
    const file = `${this.server.url}/summaries/${id}`;
    return {
      bulkOpsRequestId: id,
      endpoint,
      status,
      requestedAt: new Date().toISOString(),
      uploadedDataUrl: `${file}.csv`,
      ...(status === 'FAILED' && { errorSummaryUrl: this.summary(`${file}.json`) }),
    };
  }

  #summary({ path, headers }: DoubleQuestion): DoubleAnswer {
    if (headers.authorization !== undefined) return refusal(400, 'Only one auth mechanism allowed');
    const operation = this.operations.find(({ id }) => path === `/summaries/${id}.json`);
    return operation ? answer(200, { errors: operation.errors }) : refusal(403, 'AccessDenied');
  }

  /** All rows are looked at before any is taken. */
  #start(endpoint: string, { headers, body }: DoubleQuestion): DoubleAnswer {
    if (this.role === 'viewer') return refusal(403, 'Forbidden');
    const columns = endpoint === 'ONBOARD_DEVICES' ? 5 : endpoint === 'certificates' ? 2 : 0;
    if (columns === 0) return refusal(404, 'no such path');
    if (!['text/csv', 'application/octet-stream'].includes(headers['content-type'] ?? ''))
      return refusal(415, 'Unsupported media type');
    const rows = rowsOf(body.toString('utf8'));
    if (rows === undefined || rows.length === 0 || rows.length > ROWS_MOST)
      return refusal(422, 'Validation failed');
    const ids = new Set(rows.map(([id = '']) => id.toLowerCase()));
    if (ids.size < rows.length || !rows.every((row) => row.length === columns && isValid(row)))
      return refusal(422, 'Validation failed');
    const id = `01${String(this.operations.length + 1).padStart(24, '0')}`;
    const operation: Operation = { id, endpoint, rows, status: 'PENDING', errors: [] };
    this.operations.push(operation);
    if (!this.isHeld) this.#carryOut(operation);
    return answer(202, { bulkOpsRequestId: id });
  }

  #carryOut(operation: Operation): void {
    operation.status = 'IN_PROGRESS';
    operation.errors = operation.rows.flatMap((row, index) => {
      const error = this.rowErrors.get(row[0]!)?.shift() ?? this.#take(operation.endpoint, row);
      return error === undefined ? [] : [`[${index}]: ${error}`];
    });
  }

  #take(endpoint: string, row: readonly string[]): string | undefined {
    const id = row[0]!;
    const certificateSha256 = sha256Of(row.at(-1)!);
    const there = this.devices.get(id);
    const holder = [...this.devices].find(([, device]) => device.certificateSha256 === certificateSha256);
    if (this.elsewhere.has(id)) return `Thing ${id} already exists in account with different attributes`;
    if (holder !== undefined && holder[0] !== id)
      return 'The device certificate is already registered and attached to a different device.';
    if (endpoint === 'certificates') {
      if (there === undefined) return `Device ${id} is not onboarded`;
      there.certificateSha256 = certificateSha256;
      return undefined;
    }
    const [, subType = '', tags = '', fwTypes = ''] = row;
    if (there !== undefined && (there.subType !== subType || there.certificateSha256 !== certificateSha256))
      return `Thing ${id} already exists in account with different attributes`;
    this.devices.set(id, { subType, tags: listed(tags), fwTypes: listed(fwTypes), certificateSha256 });
    return undefined;
  }
}

function isValid(row: readonly string[]): boolean {
  const [id = '', subType = '', tags = '', fwTypes = ''] = row;
  if (!DEVICE_ID.test(id) || !PEM.test(row.at(-1)!)) return false;
  if (row.length === 2) return true;
  const all = (text: string, pattern: RegExp): boolean => listed(text).every((each) => pattern.test(each));
  return SUB_TYPE.test(subType) && all(tags, TAG) && all(fwTypes, FW_TYPE);
}

function listed(text: string): string[] {
  return text === '' ? [] : text.split('|');
}

/** CSV by RFC 4180 with LF or CR LF; undefined where it is none, or has a blank line. */
function rowsOf(text: string): string[][] | undefined {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) return undefined;
    const [, quoted, plain = '', end] = match;
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ',') continue;
    if (row.length === 1 && row[0] === '') return undefined;
    rows.push(row);
    row = [];
  }
  return rows;
}

function sha256Of(pem: string): string {
  const der = Buffer.from(PEM.exec(pem)![1]!, 'base64');
  return createHash('sha256').update(der).digest('hex');
}

function shown(id: string, { subType, tags, fwTypes }: KeptDevice): unknown {
  return { id, name: id, subType, tags, type: 'Generic', firmware: { supports: fwTypes }, tenantId: 't' };
}

function answer(status: number, json: unknown): DoubleAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
}

function refusal(status: number, message: string): DoubleAnswer {
  return { ...answer(status, { code: status * 100, message }), headers: headersOf(status) };
}

function headersOf(status: number): Record<string, string> {
  return { 'content-type': 'application/json', ...(status === 429 && { 'retry-after': '3' }) };
}
