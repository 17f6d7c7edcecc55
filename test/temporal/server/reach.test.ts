// Every way in which a server cannot be reached, against real listeners: each has its own sentence, within five seconds.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { NativeConnection } from '@temporalio/worker';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectClient } from '../../../temporal/connection.ts';
import { openTemporalServer } from '../../../temporal/server/open-temporal-server.ts';
import { WorkerConnection } from '../../../temporal/worker-connection.ts';
import { testServer } from '../../support/temporal-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { newTlsAuthority } from './tls-files.ts';
import type { TlsAuthority } from './tls-files.ts';

let authority: TlsAuthority;
let stranger: TlsAuthority;

beforeAll(async () => {
  [authority, stranger] = [await newTlsAuthority('ours'), await newTlsAuthority('another')];
});

async function listen(server: Server): Promise<string> {
  const open = new Set<Socket>();
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => open.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** TLS in front of the suite's Temporal server. */
async function tlsRelay(options: TlsOptions): Promise<string> {
  const { hostname, port } = new URL(`tcp://${(await testServer()).address}`);
  return await listen(
    createTlsServer({ ...options, ALPNProtocols: ['h2'] }, (near) => {
      const far = connect(Number(port), hostname);
      far.on('error', () => near.destroy());
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
      near.pipe(far).pipe(near);
    }),
  );
}

function fileOf(text: string): string {
  const path = join(temporaryFolder(), 'file.pem');
  writeFileSync(path, text);
  return path;
}

const open = (environment: NodeJS.ProcessEnv) =>
  openTemporalServer({
    directory: '/nowhere',
    searchAttributes: {},
    environment,
    report: () => undefined,
  });

/** What a person reads, and after how many seconds at most. */
async function refusal(environment: NodeJS.ProcessEnv): Promise<string> {
  const begun = performance.now();
  const error = await open(environment).then(
    () => new Error('it was reached'),
    (thrown: unknown) => thrown as Error,
  );
  expect(performance.now() - begun).toBeLessThan(5_000);
  return error.message;
}

describe('a server that cannot be reached says so in a sentence of its own', () => {
  it('a name that does not exist', async () => {
    expect(await refusal({ TEMPORAL_ADDRESS: 'no-such-host.invalid:7233' })).toMatch(
      /^The Temporal server at no-such-host\.invalid:7233 has a name that cannot be resolved \(\w+\): correct TEMPORAL_ADDRESS, or the DNS of this host\.$/,
    );
  });

  it('a port on which nothing listens', async () => {
    const closed = createServer();
    closed.listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    expect(await refusal({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })).toContain(
      'refuses the connection, nothing listens on the port',
    );
  });

  it('a listener that says nothing', async () => {
    const address = await listen(createServer(() => undefined));
    expect(await refusal({ TEMPORAL_ADDRESS: address })).toContain('gives no answer within 4 s');
  });

  it('a listener that is another kind of server', async () => {
    const address = await listen(createHttpServer((_, response) => response.end('hello')));
    expect(await refusal({ TEMPORAL_ADDRESS: address })).toContain('is no Temporal server');
  });

  it('TLS on where it is off', async () => {
    const { address } = await testServer();
    expect(await refusal({ TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true' })).toMatch(
      /does not speak TLS \(\w+\), and TLS is on: set TEMPORAL_TLS=false/,
    );
  });

  it('TLS off where it is on', async () => {
    const address = await tlsRelay(await authority.issue());
    expect(await refusal({ TEMPORAL_ADDRESS: address })).toContain(
      'expects TLS, and TLS is off: set TEMPORAL_TLS=true',
    );
  });

  it('a CA that this host does not trust', async () => {
    const address = await tlsRelay(await authority.issue());
    const environment = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(stranger.cert),
    };
    const says = 'has a certificate of a CA that this host does not trust';
    expect(await refusal(environment)).toContain(says);
    expect(await refusal({ TEMPORAL_ADDRESS: address, TEMPORAL_TLS: 'true' })).toContain(says);
  });

  it.each([
    ['a certificate that has expired', { expired: true }, 'has a certificate that has expired: renew it'],
    [
      'a certificate for another name',
      { name: 'other.example' },
      'set TEMPORAL_TLS_SERVER_NAME to a name in it',
    ],
  ])('%s', async (_, how, says) => {
    const address = await tlsRelay(await authority.issue(how));
    const environment = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(authority.cert),
    };
    expect(await refusal(environment)).toContain(says);
  });

  it('a client certificate that is missing, or of another CA', async () => {
    const demand = { requestCert: true, ca: authority.cert };
    const address = await tlsRelay({ ...(await authority.issue()), ...demand });
    const environment = {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(authority.cert),
    };
    expect(await refusal(environment)).toContain(
      'asks for a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH',
    );
    const { cert, key } = await stranger.issue();
    const pair = { TEMPORAL_TLS_CLIENT_CERT_PATH: fileOf(cert), TEMPORAL_TLS_CLIENT_KEY_PATH: fileOf(key) };
    expect(await refusal({ ...environment, ...pair })).toContain('may refuse the client certificate');
  });

  it('a wrong namespace', async () => {
    const { address } = await testServer();
    expect(await refusal({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'no-such' })).toContain(
      'The Temporal server has no namespace no-such; set TEMPORAL_NAMESPACE to one that it has',
    );
  });

  it('a wrong API key', async () => {
    const server = createSecureServer(await authority.issue());
    server.on('stream', (stream) => {
      const status = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
    });
    const address = await listen(server);
    const says = await refusal({
      TEMPORAL_ADDRESS: address,
      TEMPORAL_API_KEY: 'a-secret-key',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(authority.cert),
    });
    expect(says).toBe(
      `The Temporal server at ${address} refuses the API key (Request unauthorized.): correct TEMPORAL_API_KEY, or the permissions of its owner, and check TEMPORAL_NAMESPACE.`,
    );
    expect(says).not.toContain('a-secret-key');
  });

  it('a host without CA certificates, at the workers', async () => {
    const address = await tlsRelay(await authority.issue());
    vi.stubEnv('SSL_CERT_FILE', fileOf(''));
    vi.stubEnv('SSL_CERT_DIR', temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(WorkerConnection.open({ address, tls: true })).rejects.toMatchObject({
      code: 'TEMPORAL_CONFIGURATION',
      message: expect.stringMatching(/^This host has no CA certificates/),
    });
  });

  it('and one that fits is used', async () => {
    const { namespace } = await testServer();
    const demand = { requestCert: true, ca: authority.cert };
    const address = await tlsRelay({ ...(await authority.issue()), ...demand });
    const { cert, key } = await authority.issue();
    const server = await open({
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: fileOf(authority.cert),
      TEMPORAL_TLS_CLIENT_CERT_PATH: fileOf(cert),
      TEMPORAL_TLS_CLIENT_KEY_PATH: fileOf(key),
    });
    expect(server.address).toBe(address);
  });
});

describe('a proxy', () => {
  /** It connects to the suite's server, whatever it is asked for, or answers with a status. */
  async function startProxy(status = 200) {
    const asked: string[] = [];
    const { hostname, port } = new URL(`tcp://${(await testServer()).address}`);
    const proxy = createHttpServer();
    proxy.on('connect', (request, near: Socket) => {
      asked.push(
        `${request.url} ${request.headers['proxy-authorization'] ?? request.headers.authorization ?? ''}`.trim(),
      );
      if (status !== 200) return near.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      const far = connect(Number(port), hostname, () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
      far.on('error', () => near.destroy());
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
      near.pipe(far).pipe(near);
      return undefined;
    });
    return { url: `http://${await listen(proxy)}`, asked };
  }

  it('is used by clients and workers alike for another host, and by neither for this one', async () => {
    const { namespace, address } = await testServer();
    const { url, asked } = await startProxy();
    const connectBoth = async (to: string): Promise<void> => {
      const server = await open({ TEMPORAL_ADDRESS: to, TEMPORAL_NAMESPACE: namespace, https_proxy: url });
      const { client, connection } = await connectClient(server);
      await client.workflowService.getSystemInfo({});
      await connection.close();
      const workers = await NativeConnection.connect(server.connectionOptions);
      await workers.workflowService.getSystemInfo({});
      await workers.close();
    };
    await connectBoth(address);
    expect(asked).toEqual([]);
    await connectBoth('temporal.test:7233');
    // The way was tried, the server was opened, then client and worker.
    expect(asked.length).toBeGreaterThanOrEqual(4);
    expect(new Set(asked)).toEqual(new Set(['temporal.test:7233']));
  });

  it('that refuses is named', async () => {
    const { url } = await startProxy(407);
    expect(await refusal({ TEMPORAL_ADDRESS: 'temporal.test:7233', HTTPS_PROXY: url })).toBe(
      `The Temporal server at temporal.test:7233 cannot be reached by the proxy ${url.slice(7)}, which answers 407: correct https_proxy, or add the server to no_proxy.`,
    );
    expect(
      await refusal({ TEMPORAL_ADDRESS: 'temporal.test:7233', https_proxy: 'http://127.0.0.1:9' }),
    ).toContain('cannot be reached by the proxy 127.0.0.1:9 (ECONNREFUSED)');
  });
});
