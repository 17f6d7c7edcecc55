import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from '../../../registry/http/http-client.ts';
import { httpFault, retryAfterMs } from '../../../registry/http/http-fault.ts';
import { registryUrlFault } from '../../../registry/http/registry-url.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startDouble } from './double-server.ts';
import type { DoubleAnswer, DoubleServer } from './double-server.ts';
import { ODD_ANSWERS, startOddServer } from './odd-server.ts';

const SIGNAL = new AbortController().signal;
const QUESTION = { method: 'GET', path: '/devices?page=1' } as const;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A proxy for HTTP and for tunnels, which leads everything to this port, and what it was asked for. */
async function startProxy(port: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('by the proxy');
  });
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const far = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      far.pipe(socket).pipe(far);
    });
    far.on('error', () => socket.destroy());
    socket.on('error', () => far.destroy());
  });
  return { url: `http://127.0.0.1:${await listening(proxy)}`, asked };
}

function clientOf(options: Omit<ConstructorParameters<typeof HttpClient>[0], 'name'>): HttpClient {
  const client = new HttpClient({ name: 'cloud', deadlineMs: 5_000, ...options });
  onTestFinished(() => client.close());
  return client;
}

describe('a proxy', () => {
  it('is used for another host, through a tunnel where it is https', async () => {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = ['-subj', '/CN=cloud.test', '-addext', 'subjectAltName=DNS:cloud.test'];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const made = spawnSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...names]);
    expect(made.status).toBe(0);
    const cloud = createTlsServer(
      { key: readFileSync(key), cert: readFileSync(cert) },
      (_request, response) => void response.end('by the cloud'),
    );
    const proxy = await startProxy(await listening(cloud));
    const environment = { https_proxy: proxy.url, http_proxy: proxy.url };
    const secure = clientOf({ url: 'https://cloud.test/v1', ca: readFileSync(cert, 'utf8'), environment });
    expect((await secure.ask(QUESTION, SIGNAL)).body.toString()).toBe('by the cloud');
    const plain = clientOf({ url: 'http://cloud.test/v1', environment });
    expect((await plain.ask(QUESTION, SIGNAL)).body.toString()).toBe('by the proxy');
    expect(proxy.asked).toEqual(['CONNECT cloud.test:443', 'GET http://cloud.test/v1/devices?page=1']);
    // The proxy changes nothing about who must prove what: without the CA the tunnel is of no use.
    const distrustful = clientOf({ url: 'https://cloud.test/v1', environment });
    await expect(distrustful.ask(QUESTION, SIGNAL)).rejects.toMatchObject({ reason: 'unavailable' });
  });

  it('is not used where no_proxy says so, and never for this host', async () => {
    const double = await startDouble({
      answer: () => ({ status: 200, body: 'direct' }),
      throttled: () => ({ status: 429 }),
      stranger: () => ({ status: 401 }),
      broken: () => ({ status: 500 }),
    });
    const proxy = await startProxy(0);
    const environment = { http_proxy: proxy.url, https_proxy: proxy.url };
    const here = clientOf({ url: double.url, environment });
    expect((await here.ask(QUESTION, SIGNAL)).body.toString()).toBe('direct');
    const excepted = clientOf({
      url: 'http://nowhere.invalid',
      environment: { ...environment, no_proxy: '.invalid' },
    });
    await expect(excepted.ask(QUESTION, SIGNAL)).rejects.toMatchObject({ isUnknown: false });
    expect(proxy.asked).toEqual([]);
  });
});

it.each([
  ['line:pass%2Fword', ['pass/word', 'pass%2Fword', 'line:pass/word']],
  ['token-of-the-line', ['token-of-the-line']],
])('a proxy that repeats how it is asked gives nothing away of %s', async (user, secrets) => {
  const proxy = createServer((request, response) => {
    response.writeHead(407).end(`${request.headers['proxy-authorization']} ${secrets.join(' ')}`);
  });
  const http_proxy = `http://${user}@127.0.0.1:${await listening(proxy)}`;
  const answer = await clientOf({ url: 'http://cloud.test', environment: { http_proxy } }).ask(
    QUESTION,
    SIGNAL,
  );
  const said = answer.body.toString();
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  expect(forms.some((form) => said.includes(form))).toBe(true);
  const { message } = httpFault('cloud', 'take it', answer, said);
  for (const form of forms) expect(message).not.toContain(form);
});

describe('a proxy that is named without http://', () => {
  it.each([
    ['https://cloud.test', 'https_proxy', 'line:secret@proxy.test:3128'],
    ['https://cloud.test', 'HTTPS_PROXY', 'proxy.test'],
    ['http://cloud.test', 'http_proxy', 'socks5://proxy.test:1080'],
  ])('is an error for %s in %s, which does not repeat it', async (url, variable, proxy) => {
    const call = clientOf({ url, environment: { [variable]: proxy } }).ask(QUESTION, SIGNAL);
    const error: Error = await call.then(
      () => new Error('It was asked.'),
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({
      reason: 'credentials',
      message: expect.stringContaining(`the proxy in ${variable}`),
    });
    expect(error.message).not.toContain('secret');
  });

  it('does not matter for this host, or for addresses of the other kind', async () => {
    const { url } = await startDouble({
      answer: () => ({ status: 200, body: 'direct' }),
      throttled: () => ({ status: 429 }),
      stranger: () => ({ status: 401 }),
      broken: () => ({ status: 500 }),
    });
    const here = clientOf({ url, environment: { http_proxy: 'proxy.test', https_proxy: 'proxy.test' } });
    expect((await here.ask(QUESTION, SIGNAL)).body.toString()).toBe('direct');
    const plain = clientOf({ url: 'http://nowhere.invalid', environment: { https_proxy: 'proxy.test' } });
    await expect(plain.ask(QUESTION, SIGNAL)).rejects.toMatchObject({ reason: 'unavailable' });
  });
});

describe('what no_proxy excepts', () => {
  it.each([
    ['http://a.corp.invalid', 'b.test, a.corp.invalid', 'direct'],
    ['http://a.corp.invalid:8080', 'a.corp.invalid:8080', 'direct'],
    ['http://a.corp.invalid:8081', 'a.corp.invalid:8080', 'proxy'],
    ['http://a.corp.invalid', '.corp.invalid', 'direct'],
    ['http://a.corp.invalid', '*.corp.invalid', 'direct'],
    ['http://a.corp.invalid', 'corp.invalid', 'proxy'],
    ['http://a.corp.invalid', '*', 'direct'],
    ['http://a.corp.invalid', 'b.test a.corp.invalid', 'proxy'],
    ['http://192.0.2.5', '192.0.2.0/24', 'proxy'],
    ['http://192.0.2.5', '192.0.2.10-192.0.2.20', 'proxy'],
    ['http://192.0.2.5', '192.0.2.1-192.0.2.9', 'direct'],
  ])('%s with %s goes by the way %s', async (url, no_proxy, way) => {
    const proxy = await startProxy(0);
    const client = clientOf({ url, deadlineMs: 300, environment: { http_proxy: proxy.url, no_proxy } });
    await client.ask(QUESTION, SIGNAL).catch(() => undefined);
    expect(proxy.asked.length > 0 ? 'proxy' : 'direct').toBe(way);
  });
});

describe('an answer', () => {
  it.each([301, 302, 303, 307, 308])('that leads elsewhere by %d is not followed', async (status) => {
    const answering = (answer: DoubleAnswer): Promise<DoubleServer> =>
      startDouble({
        answer: () => answer,
        throttled: () => answer,
        stranger: () => answer,
        broken: () => answer,
      });
    const elsewhere = await answering({ status: 200 });
    const double = await answering({ status, headers: { location: `${elsewhere.url}/devices` } });
    const answer = await clientOf({ url: double.url }).ask(
      { ...QUESTION, headers: { 'x-api-key': 'k' } },
      SIGNAL,
    );
    expect([answer.status, double.questions.length, elsewhere.questions.length]).toEqual([status, 1, 0]);
  });

  it('that does not come over connections that were kept is got over a new one, once', async () => {
    const answer = (): DoubleAnswer => ({ status: 200, body: 'taken' });
    const double = await startDouble({ answer, throttled: answer, stranger: answer, broken: answer });
    const client = clientOf({ url: double.url });
    const question = { method: 'POST', path: '/devices', body: 'a device' } as const;
    double.misbehave('hang-up', 3);
    await Promise.all([1, 2, 3].map(() => client.ask(question, SIGNAL)));
    expect((await client.ask(question, SIGNAL)).body.toString()).toBe('taken');
    expect(double.questions).toHaveLength(4);
  });

  it('that does not come over a new connection is a doubt, and nothing is asked again', async () => {
    let count = 0;
    const server = createServer((request) => {
      count += 1;
      request.socket.destroy();
    });
    const client = clientOf({ url: `http://127.0.0.1:${await listening(server)}` });
    await expect(client.ask(QUESTION, SIGNAL)).rejects.toMatchObject({
      reason: 'unavailable',
      isUnknown: true,
    });
    expect(count).toBe(1);
  });

  it('that nobody gives is no doubt: nothing was sent', async () => {
    const nobody = createServer();
    const port = await listening(nobody);
    await new Promise((resolve) => void nobody.close(resolve));
    const call = clientOf({ url: `http://127.0.0.1:${port}` }).ask(QUESTION, SIGNAL);
    await expect(call).rejects.toMatchObject({
      reason: 'unavailable',
      isUnknown: false,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it.each([
    ['7', 7_000],
    ['86400', 3_600_000],
    ['9'.repeat(400), 3_600_000],
    [new Date(60_000).toUTCString(), 60_000],
    ['Thursday, 01-Jan-70 00:01:00 GMT', 60_000],
    [new Date(7 * 86_400_000).toUTCString(), 3_600_000],
  ])('that says to come back in %s is understood', (text, ms) => {
    expect(retryAfterMs({ headers: { 'retry-after': text } }, 0)).toBe(ms);
  });

  // A pause of nothing would be a question without end; a past date is that of another clock.
  it.each([
    '0',
    '-5',
    '1.5',
    '5 seconds',
    'May 2030',
    '',
    'soon',
    new Date(-60_000).toUTCString(),
    undefined,
  ])('that says to come back in %s names no pause', (text) => {
    expect(retryAfterMs({ headers: text === undefined ? {} : { 'retry-after': text } }, 0)).toBeUndefined();
    const answer = { status: 429, headers: text === undefined ? {} : { 'retry-after': text } };
    const fault = httpFault('cloud', 'take it', { ...answer, body: Buffer.alloc(0), secrets: [] });
    expect(fault).toMatchObject({ reason: 'throttled', waitMs: 10_000 });
  });
});

describe.each(Object.entries(ODD_ANSWERS))('a server that %s', (_what, does) => {
  const DOUBT = { reason: 'unavailable', isUnknown: true };

  it('is given up at the deadline', async () => {
    const client = clientOf({ url: await startOddServer(does), deadlineMs: 300 });
    const question = { method: 'POST', path: '/devices', body: 'a device' } as const;
    await expect(client.ask(question, SIGNAL)).rejects.toMatchObject(DOUBT);
  }, 5_000);

  it('is given up when the caller stops', async () => {
    const client = clientOf({ url: await startOddServer(does), deadlineMs: 60_000 });
    const asked = client.ask(QUESTION, AbortSignal.timeout(200));
    await expect(asked).rejects.toMatchObject(DOUBT);
  }, 5_000);
});

describe('an address', () => {
  it.each([
    ['https://example.com/hook?x=1', undefined],
    ['http://127.0.0.1:8080', undefined],
    ['http://localhost', undefined],
    ['http://[::1]:1', undefined],
    ['http://[0:0:0:0:0:0:0:1]', undefined],
    ['http://[::ffff:127.0.0.1]', undefined],
    ['http://127.1', undefined],
    ['http://0.0.0.0', undefined],
    ['http://LOCALHOST.', undefined],
    ['http://cloud.localhost', undefined],
    ['http://localhost.example.com', 'another host'],
    ['http://[::ffff:128.0.0.1]', 'another host'],
    ['http://10.127.0.0', 'another host'],
    ['http://example.com', 'another host'],
    ['http://127.0.0.1.example.com', 'another host'],
    ['ftp://example.com', 'https://'],
    ['https://user:word@example.com', 'credential'],
    ['https://example.com/#x', '#'],
    ['example.com', 'not an address'],
  ])('%s', (text, says) => {
    const fault = registryUrlFault(text);
    if (says === undefined) expect(fault).toBeUndefined();
    else expect(fault).toContain(says);
  });
});
