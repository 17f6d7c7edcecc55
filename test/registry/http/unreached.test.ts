import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DeviceRegistryError } from '../../../registry/device-registry-error.ts';
import { HttpClient } from '../../../registry/http/http-client.ts';
import { newTlsAuthority } from '../../temporal/server/tls-files.ts';
import type { TlsPair } from '../../temporal/server/tls-files.ts';

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function faultOf(
  options: Pick<ConstructorParameters<typeof HttpClient>[0], 'url' | 'ca' | 'environment'>,
): Promise<DeviceRegistryError> {
  const client = new HttpClient({ name: 'cloud', deadlineMs: 5_000, ...options });
  onTestFinished(() => client.close());
  return await client.ask({ method: 'GET', path: '/devices' }, new AbortController().signal).then(
    () => expect.fail('it was answered'),
    (error: DeviceRegistryError) => error,
  );
}

describe('a cloud without a way to it is named with the cause', () => {
  it.each([
    ['expired', 'has a TLS certificate that has expired (CERT_HAS_EXPIRED).'],
    ['of another name', 'has a TLS certificate for another name (ERR_TLS_CERT_ALTNAME_INVALID).'],
    [
      'of an unknown CA',
      'has a TLS certificate of a CA that this host does not trust (UNABLE_TO_VERIFY_LEAF_SIGNATURE).',
    ],
  ])('a TLS certificate %s', async (kind, said) => {
    const authority = await newTlsAuthority('cloud');
    const pair: TlsPair = await authority.issue({
      expired: kind === 'expired',
      ...(kind === 'of another name' && { name: 'other.test' }),
    });
    const port = await listening(createTlsServer(pair, (_request, response) => void response.end('{}')));
    const ca = kind === 'of an unknown CA' ? {} : { ca: authority.cert };
    const fault = await faultOf({ url: `https://localhost:${port}`, ...ca });
    expect(fault.message).toBe(`The registry cloud at localhost:${port} ${said}`);
    // Nothing was asked, so nothing can have been done.
    expect(fault).toMatchObject({ reason: 'unavailable', isUnknown: false });
  });

  it('a port without TLS', async () => {
    const port = await listening(createServer((_request, response) => void response.end('{}')));
    const { message } = await faultOf({ url: `https://localhost:${port}` });
    expect(message).toMatch(/ does not speak TLS at this port \((?:EPROTO|ERR_SSL_\w+)\)\.$/);
  });

  it('a port where nothing listens', async () => {
    const server = createServer();
    const port = await listening(server);
    await new Promise((resolve) => server.close(resolve));
    const { message } = await faultOf({ url: `http://127.0.0.1:${port}` });
    expect(message).toBe(`The registry cloud at 127.0.0.1:${port} cannot be reached (ECONNREFUSED).`);
  });
});

describe('a proxy that is in the way is named, and the cloud is not blamed', () => {
  it.each([
    [407, ': correct the name and the password in the address of the proxy (https_proxy).'],
    [403, '.'],
  ])('which answers %i', async (status, rest) => {
    const proxy = createServer().on('connect', (_request, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    });
    const https_proxy = `http://line:password@127.0.0.1:${await listening(proxy)}`;
    const fault = await faultOf({ url: 'https://cloud.test', environment: { https_proxy } });
    expect(fault.message).toBe(
      `The registry cloud at cloud.test cannot be reached, since its proxy answers ${status}${rest}`,
    );
    expect(fault.isUnknown).toBe(false);
  });

  it('where nothing listens, or whose name is not known', async () => {
    const gone = createServer();
    const port = await listening(gone);
    await new Promise((resolve) => gone.close(resolve));
    for (const [https_proxy, code] of [
      [`http://127.0.0.1:${port}`, 'ECONNREFUSED'],
      ['http://no-such-proxy.invalid:3128', '(?:ENOTFOUND|EAI_AGAIN)'],
    ] as const) {
      const { message } = await faultOf({ url: 'https://cloud.test', environment: { https_proxy } });
      expect(message).toMatch(
        new RegExp(
          `^The registry cloud at cloud\\.test cannot be reached, since its proxy cannot \\(${code}\\)\\.$`,
        ),
      );
    }
  });
});
