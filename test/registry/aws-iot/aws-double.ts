import { createHash } from 'node:crypto';
import { startDouble } from '../http/double-server.ts';
import type { DoubleAnswer, DoubleQuestion, DoubleServer } from '../http/double-server.ts';

export const REGION = 'eu-central-1';

interface Thing {
  readonly type: string;
  readonly attributes: string;
  readonly principals: Set<string>;
  readonly groups: Set<string>;
}

interface Certificate {
  readonly arn: string;
  status: string;
  readonly policies: Set<string>;
}

/** What questions need, by method and kind. */
const ACTIONS: Readonly<Record<string, string>> = {
  'GET certificates': 'DescribeCertificate',
  'GET things': 'DescribeThing',
  'GET things/principals': 'ListThingPrincipals',
  'GET policies': 'GetPolicy',
  'GET thing-groups': 'DescribeThingGroup',
  'GET thing-types': 'DescribeThingType',
  'GET cacertificate': 'DescribeCACertificate',
  'PUT certificates': 'UpdateCertificate',
  'PUT thing-groups': 'AddThingToThingGroup',
  'PUT target-policies': 'AttachPolicy',
  'PUT things/principals': 'AttachThingPrincipal',
  'DELETE things/principals': 'DetachThingPrincipal',
};

/** Without the name of what is meant. */
function routeOf(path: string): string {
  const [, kind = '', , below = ''] = path.split('/');
  return below === '' ? kind : `${kind}/${below}`;
}

class AwsError extends Error {
  readonly status: number;
  readonly kind: string;

  constructor(status: number, kind: string, message: string) {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

const notFound = (what: string): AwsError =>
  new AwsError(404, 'ResourceNotFoundException', `${what} does not exist`);
const exists = (what: string): AwsError =>
  new AwsError(409, 'ResourceAlreadyExistsException', `${what} exists already`);
const invalid = (what: string): AwsError => new AwsError(400, 'InvalidRequestException', what);

/** AWS IoT's control plane, by the shapes and errors of its API's model. */
export class AwsDouble {
  readonly things = new Map<string, Thing>();
  readonly certificates = new Map<string, Certificate>();
  readonly policies = ['factory'];
  readonly groups = ['lot'];
  readonly types = ['node'];
  /** Ids of registered CAs. */
  readonly cas = new Set<string>();
  caStatus = 'ACTIVE';
  /** Of `types`, those that no new thing may have. */
  readonly deprecated = new Set<string>();
  /** How far the clock of AWS is ahead of that of this host, in milliseconds. */
  aheadMs = 0;
  /** What is answered instead, once, by method and path. */
  readonly refusals = new Map<string, DoubleAnswer>();
  /** Actions that the policy of the credentials lacks. AWS looks at it before anything else. */
  readonly denied = new Set<string>();
  accessKeyId = 'AKIAEXAMPLEEXAMPLE00';
  /** Its lists lead back to where they begin. */
  isLooping = false;
  readonly secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  token = 'IQoJb3JpZ2luX2VjEXAMPLE+of/a/session==';
  server!: DoubleServer;

  static async start(): Promise<AwsDouble> {
    const double = new AwsDouble();
    double.server = await startDouble({
      answer: (question) => double.#answer(question),
      // Not 429: that is what AWS IoT does.
      throttled: (echo) => refusal(new AwsError(400, 'ThrottlingException', `${echo}: rate exceeded`)),
      unaware: (question) => double.#unaware(question),
      stranger: (echo) => refusal(new AwsError(403, 'UnrecognizedClientException', `${echo} is invalid`)),
      broken: (echo) => refusal(new AwsError(503, 'ServiceUnavailableException', `${echo}: busy`)),
      secrets: () => [double.secret, double.token],
    });
    return double;
  }

  refuse(methodAndPath: string, status: number, kind: string, retryAfter?: string): void {
    const answer = refusal(new AwsError(status, kind, 'as the test wants'));
    const headers = { ...answer.headers, ...(retryAfter !== undefined && { 'retry-after': retryAfter }) };
    this.refusals.set(methodAndPath, { ...answer, headers });
  }

  /** SHA-256 of the certificates that are active and attached to a thing. */
  inUse(): string[] {
    return [...this.things.values()].flatMap(({ principals }) =>
      [...this.certificates]
        .filter(([, { arn, status }]) => status === 'ACTIVE' && principals.has(arn))
        .map(([id]) => id),
    );
  }

  #answer(question: DoubleQuestion): DoubleAnswer {
    try {
      const { method, path, headers } = question;
      const scope = `AWS4-HMAC-SHA256 Credential=${this.accessKeyId}/`;
      const { authorization = '' } = headers;
      if (
        !authorization.startsWith(scope) ||
        !/\/eu-central-1\/(?:iot|execute-api)\/aws4_request/.test(authorization)
      )
        throw new AwsError(403, 'InvalidSignatureException', 'signature is invalid');
      this.#mustBeFresh(String(headers['x-amz-date'] ?? ''));
      const refused = this.refusals.get(`${method} ${path}`);
      if (refused !== undefined) {
        this.refusals.delete(`${method} ${path}`);
        return refused;
      }
      const action = ACTIONS[`${method} ${routeOf(path)}`];
      if (action !== undefined && this.denied.has(action))
        throw new AwsError(403, 'AccessDeniedException', `not authorized to perform: iot:${action}`);
      return { status: 200, body: JSON.stringify(this.#route(question)), headers: this.#dated() };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const answer = refusal(error, signatureOf(question));
      return { ...answer, headers: { ...answer.headers, ...this.#dated() } };
    }
  }

  #dated(): Record<string, string> {
    return { date: new Date(Date.now() + this.aheadMs).toUTCString() };
  }

  /** AWS takes a signature that is 5 minutes old, or as much early. */
  #mustBeFresh(signedAt: string): void {
    const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(signedAt) ?? [];
    const at = Date.parse(
      `${day?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time?.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`,
    );
    if (Math.abs(Date.now() + this.aheadMs - at) <= 300_000) return;
    throw new AwsError(403, 'InvalidSignatureException', `Signature expired: ${signedAt}`);
  }

  #unaware({ method, path }: DoubleQuestion): DoubleAnswer | undefined {
    return method === 'GET' && /^\/(?:things|certificates)\//.test(path)
      ? refusal(notFound(path))
      : undefined;
  }

  #route({ method, path, query, headers, body }: DoubleQuestion): unknown {
    const json = body.length === 0 ? {} : (JSON.parse(body.toString('utf8')) as Record<string, string>);
    const [, kind = '', given = '', below = ''] = path.split('/').map((part) => decodeURIComponent(part));
    const principal = String(headers['x-amzn-principal'] ?? '');
    switch (`${method} ${kind}${below === '' ? '' : `/${below}`}`) {
      case 'POST things':
        return this.#createThing(given, json);
      case 'GET things':
        return this.#describeThing(given);
      case 'GET things/principals':
        return this.#principalsOf(given, Number(query.get('nextToken') ?? 0));
      case 'PUT things/principals':
        this.#certificateOf(principal);
        this.#thing(given).principals.add(principal);
        return {};
      case 'DELETE things/principals':
        if (!this.#thing(given).principals.delete(principal)) throw notFound(principal);
        return {};
      case 'POST certificate':
        return this.#register(given === 'register', json);
      case 'GET certificates':
        return { certificateDescription: this.#describeCertificate(given) };
      case 'PUT certificates':
        this.#certificate(given).status = this.#statusIn(query.get('newStatus') ?? '');
        return {};
      case 'PUT target-policies':
        if (!this.policies.includes(given)) throw notFound(given);
        this.#certificateOf(json['target'] ?? '').policies.add(given);
        return {};
      case 'PUT thing-groups':
        if (!this.groups.includes(json['thingGroupName'] ?? '')) throw notFound('group');
        this.#thing(json['thingName'] ?? '').groups.add(json['thingGroupName']!);
        return {};
      case 'GET policies':
        return { policyArn: `arn:aws:iot:${REGION}:1:policy/${given}`, ...known(this.policies, given) };
      case 'GET thing-groups':
        return { thingGroupName: given, ...known(this.groups, given) };
      case 'GET thing-types':
        return {
          thingTypeName: given,
          thingTypeMetadata: { deprecated: this.deprecated.has(given) },
          ...known(this.types, given),
        };
      case 'GET cacertificate':
        return { certificateDescription: { status: this.caStatus }, ...known([...this.cas], given) };
      default:
        throw invalid(`no ${method} ${path}`);
    }
  }

  /** Two in an answer. */
  #principalsOf(name: string, from: number): unknown {
    const all = [...this.#thing(name).principals];
    const hasMore = from + 2 < all.length;
    const next = hasMore || this.isLooping ? { nextToken: String(hasMore ? from + 2 : 0) } : {};
    return { principals: all.slice(from, from + 2), ...next };
  }

  #createThing(
    name: string,
    {
      thingTypeName = '',
      attributePayload,
    }: { thingTypeName?: string; attributePayload?: { attributes?: object } },
  ): unknown {
    if (!/^[a-zA-Z0-9:_-]{1,128}$/.test(name)) throw invalid('thingName is invalid');
    if (thingTypeName !== '' && !this.types.includes(thingTypeName)) throw notFound(thingTypeName);
    if (this.deprecated.has(thingTypeName)) throw invalid(`${thingTypeName} is deprecated`);
    const attributes = JSON.stringify(attributePayload?.attributes ?? {});
    const there = this.things.get(name);
    if (there && (there.type !== thingTypeName || there.attributes !== attributes)) throw exists(name);
    if (!there)
      this.things.set(name, { type: thingTypeName, attributes, principals: new Set(), groups: new Set() });
    return { thingName: name, thingArn: `arn:aws:iot:${REGION}:1:thing/${name}` };
  }

  #describeThing(name: string): unknown {
    const { attributes, type } = this.#thing(name);
    return { thingName: name, thingTypeName: type, attributes: JSON.parse(attributes) as object, version: 1 };
  }

  #register(hasCa: boolean, json: Record<string, string>): unknown {
    const allowed = hasCa ? ['certificatePem', 'caCertificatePem', 'status'] : ['certificatePem', 'status'];
    for (const key of Object.keys(json)) if (!allowed.includes(key)) throw invalid(`unknown field ${key}`);
    const id = sha256OfPem(json['certificatePem'] ?? '');
    if (hasCa && !this.cas.has(sha256OfPem(json['caCertificatePem'] ?? '')))
      throw new AwsError(400, 'CertificateValidationException', 'no such CA');
    if (hasCa && this.caStatus !== 'ACTIVE')
      throw new AwsError(406, 'CertificateStateException', 'the CA is not active');
    const arn = `arn:aws:iot:${REGION}:1:cert/${id}`;
    if (this.certificates.has(id)) throw exists(arn);
    this.certificates.set(id, { arn, status: this.#statusIn(json['status'] ?? ''), policies: new Set() });
    return { certificateArn: arn, certificateId: id };
  }

  #describeCertificate(id: string): unknown {
    const { arn, status } = this.#certificate(id);
    return { certificateArn: arn, certificateId: id, status };
  }

  #statusIn(status: string): string {
    if (!['ACTIVE', 'INACTIVE', 'REVOKED'].includes(status)) throw invalid(`status ${status} is invalid`);
    return status;
  }

  #thing(name: string): Thing {
    const thing = this.things.get(name);
    if (thing === undefined) throw notFound(name);
    return thing;
  }

  #certificate(id: string): Certificate {
    const certificate = this.certificates.get(id);
    if (certificate === undefined) throw notFound(id);
    return certificate;
  }

  #certificateOf(arn: string): Certificate {
    return this.#certificate(arn.split('cert/')[1] ?? '');
  }
}

function sha256OfPem(pem: string): string {
  const [, base64] =
    /^-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)-----END CERTIFICATE-----\n$/.exec(pem) ?? [];
  if (base64 === undefined) throw new AwsError(400, 'CertificateValidationException', 'no certificate');
  return createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex');
}

function known(names: readonly string[], name: string): object {
  if (!names.includes(name)) throw notFound(name);
  return {};
}

function signatureOf({ headers }: DoubleQuestion): string {
  return /Signature=(\S+)/.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** With what it signed, where that is known. */
function refusal({ status, kind, message }: AwsError, signature = ''): DoubleAnswer {
  const headers = { 'x-amzn-errortype': kind, 'content-type': 'application/json' };
  return { status, headers, body: JSON.stringify({ message: `${signature} ${message}`.trim() }) };
}
