import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
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
      questions.push(question);
      reply(response, dialect, question, due.shift() ?? double.mood());
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

function reply(
  response: ServerResponse,
  dialect: CloudDialect,
  question: DoubleQuestion,
  how: Misbehaviour | undefined,
): void {
  switch (how) {
    case undefined:
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
