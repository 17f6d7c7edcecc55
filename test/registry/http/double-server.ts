import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { Misbehaviour } from '../conformance/device-registry-conformance.ts';

export interface DoubleQuestion {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface DoubleAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/**
 * What a cloud says in its own words. Each double has its own: it shares no code with the adapter. `echo` is what it repeats of
 * the question, credentials too.
 */
export interface CloudDialect {
  /** What it does, and answers, when it is well. */
  readonly answer: (question: DoubleQuestion) => DoubleAnswer;
  /** Its answer to a question that only reads, as if nothing had been written yet; undefined for any other question. */
  readonly unaware?: (question: DoubleQuestion) => DoubleAnswer | undefined;
  /** Its answer when too much is asked. */
  readonly throttled: (echo: string) => DoubleAnswer;
  /** Its answer to credentials that it does not know. */
  readonly stranger: (echo: string) => DoubleAnswer;
  /** Its answer to a fault of its own. */
  readonly broken: (echo: string) => DoubleAnswer;
  /** What it shares with those who ask. */
  readonly secrets?: () => readonly string[];
}

/** Where credentials are in a question. */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'x-amz-security-token', 'webhook-signature'];

/** A local server in place of a cloud, which misbehaves when it is asked to. */
export interface DoubleServer {
  readonly url: string;
  /** All that it was asked, in order. */
  readonly questions: readonly DoubleQuestion[];
  /** Of the questions that nothing is due for yet, `times` get this, after `after` that are answered well. */
  readonly misbehave: (how: Misbehaviour, times?: number, after?: number) => void;
  /** How it takes each question that nothing is due for: well, unless a test says otherwise. */
  mood: () => Misbehaviour | undefined;
}

/** Opened for this test alone. */
export async function startDouble(dialect: CloudDialect): Promise<DoubleServer> {
  const questions: DoubleQuestion[] = [];
  const given: Given[] = [];
  /** Connections that close when they are asked something again. */
  const tired = new WeakSet<Socket>();
  const due: (Misbehaviour | undefined)[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://double');
      const question = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(parts),
      };
      if (tired.has(request.socket)) return void request.socket.destroy();
      questions.push(question);
      const how = due.shift() ?? double.mood();
      if (how === 'hang-up') tired.add(request.socket);
      reply(response, remembering(dialect, given), question, how, given);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const double: DoubleServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    questions,
    misbehave: (how, times = 1, after = 0) =>
      void due.push(...Array.from({ length: after + times }, (_none, at) => (at < after ? undefined : how))),
    mood: () => undefined,
  };
  return double;
}

/** What was answered to which question. */
interface Given {
  readonly question: DoubleQuestion;
  readonly answer: DoubleAnswer;
}

function remembering(dialect: CloudDialect, given: Given[]): CloudDialect {
  const answer = (question: DoubleQuestion): DoubleAnswer => {
    const said = dialect.answer(question);
    given.push({ question, answer: said });
    return said;
  };
  return { ...dialect, answer };
}

/** What a cache that ignores half of an address has: the last success of a look at something else. */
function ofAnother(
  { method, path, query }: DoubleQuestion,
  given: readonly Given[],
): DoubleAnswer | undefined {
  const depth = path.split('/').length;
  return given.findLast(
    ({ question, answer }) =>
      answer.status < 300 &&
      method === 'GET' &&
      question.method === method &&
      question.path.split('/').length === depth &&
      `${question.path}?${question.query.toString()}` !== `${path}?${query.toString()}`,
  )?.answer;
}

function reply(
  response: ServerResponse,
  dialect: CloudDialect,
  question: DoubleQuestion,
  how: Misbehaviour | undefined,
  given: readonly Given[],
): void {
  switch (how) {
    case undefined:
    case 'hang-up':
      return send(response, dialect.answer(question));
    case 'throttle':
      return send(response, dialect.throttled(echoOf(question, dialect)));
    case 'bad-credentials':
      return send(response, dialect.stranger(echoOf(question, dialect)));
    case 'server-error':
      return send(response, dialect.broken(echoOf(question, dialect)));
    case 'stale-read':
      return send(response, dialect.unaware?.(question) ?? dialect.answer(question));
    case 'other-protocol':
      return void response.socket!.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      );
    case 'mixed-up':
      return send(response, ofAnother(question, given) ?? dialect.answer(question));
    case 'compressed':
      return send(response, compressed(question, dialect.answer(question)));
    case 'stub':
      return send(response, { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' });
    case 'garbage':
      return send(response, { status: 200, body: '<html>Sign in to the hotel network</html>' });
    case 'no-route':
      return send(response, { status: 404, body: '<html><h1>404 Not Found</h1>nginx</html>' });
    case 'no-method':
      return send(response, { status: 405 });
    case 'sign-in':
      return send(response, { status: 302, headers: { location: 'https://login.example.com/' } });
    case 'endless':
      return flood(response);
    case 'slow':
      dialect.answer(question);
      return trickle(response);
    case 'timeout-after-commit':
      // The question was taken, and its answer never comes.
      return void dialect.answer(question);
    case 'cut-after-commit':
      dialect.answer(question);
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"');
      setImmediate(() => response.destroy());
  }
}

/** As RFC 9110 §12.5.3 allows where no coding was asked for, too. */
function compressed({ headers }: DoubleQuestion, answer: DoubleAnswer): DoubleAnswer {
  const { 'accept-encoding': accepted = '*' } = headers;
  if (!/gzip|\*/.test(accepted) || answer.body === undefined) return answer;
  return {
    ...answer,
    headers: { ...answer.headers, 'content-encoding': 'gzip' },
    body: gzipSync(answer.body),
  };
}

/** The credentials in every form in which a careless server has them. */
function echoOf({ headers }: DoubleQuestion, { secrets = () => [] }: CloudDialect): string {
  const kept = secrets().flatMap((secret) => {
    const bytes = Buffer.from(secret);
    return [secret, encodeURIComponent(secret), bytes.toString('base64'), bytes.toString('base64url')];
  });
  const sent = CREDENTIAL_HEADERS.flatMap((name) => headers[name] ?? []);
  return [...kept, ...sent].join(' ');
}

function send(response: ServerResponse, { status, headers, body = '' }: DoubleAnswer): void {
  response.writeHead(status, headers).end(body);
}

/** Answers for as long as somebody reads. */
function flood(response: ServerResponse): void {
  response.writeHead(200);
  const part = Buffer.alloc(65_536, 0x20);
  const more = (): void => {
    while (!response.destroyed && response.write(part));
  };
  response.on('drain', more);
  more();
}

/** A byte from time to time, so that no pause is long. */
function trickle(response: ServerResponse): void {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}
