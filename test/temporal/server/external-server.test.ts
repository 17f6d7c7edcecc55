import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { externalConfiguration } from '../../../temporal/server/external-server.ts';
import { waitForNamespace } from '../../../temporal/server/namespace-wait.ts';
import { openTemporalServer } from '../../../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../../../temporal/server/temporal-server.ts';
import { testServer } from '../../support/temporal-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function open(environment: NodeJS.ProcessEnv, connectMs = 20_000): Promise<TemporalServer> {
  return openTemporalServer({
    directory: '/nowhere',
    searchAttributes: { Serial: 'Keyword', Attempts: 'Int' },
    environment,
    patience: { connectMs },
    report: () => undefined,
  });
}

describe('externalConfiguration', () => {
  it('is none without a choice in the environment', () => {
    expect(externalConfiguration({ TEMPORAL_NAMESPACE: 'x', TEMPORAL_ADDRESS: '' })).toBeUndefined();
  });

  it('takes address, namespace, API key and TLS files from the environment', () => {
    const certificate = join(temporaryFolder(), 'client.pem');
    writeFileSync(certificate, 'a certificate');
    const configuration = externalConfiguration({
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'factory',
      TEMPORAL_API_KEY: 'token',
      TEMPORAL_TLS_SERVER_NAME: 'frontend',
      TEMPORAL_TLS_CLIENT_CERT_PATH: certificate,
      TEMPORAL_TLS_CLIENT_KEY_PATH: certificate,
    });
    expect(configuration?.namespace).toBe('factory');
    expect(configuration?.connectionOptions).toMatchObject({
      address: 'temporal.example:7233',
      apiKey: 'token',
      tls: {
        serverNameOverride: 'frontend',
        clientCertPair: { crt: new TextEncoder().encode('a certificate') },
      },
    });
  });

  it('takes a profile of the configuration file, and the environment before it', () => {
    const file = join(temporaryFolder(), 'temporal.toml');
    writeFileSync(file, '[profile.line]\naddress = "a:1"\nnamespace = "from-file"\n');
    const environment = { TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'line', TEMPORAL_NAMESPACE: 'mine' };
    expect(externalConfiguration(environment)).toMatchObject({
      namespace: 'mine',
      connectionOptions: { address: 'a:1' },
    });
  });

  it.each([
    ['a profile that is not there', { TEMPORAL_PROFILE: 'no-such' }],
    ['no address', { TEMPORAL_CONFIG_FILE: '/dev/null' }],
    [
      'a certificate that is not there',
      { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_TLS_CLIENT_CERT_PATH: '/no/file' },
    ],
  ])('is refused with %s', (_, environment) => {
    expect(() => externalConfiguration(environment)).toThrow(
      expect.objectContaining({ code: 'TEMPORAL_CONFIGURATION' }),
    );
  });
});

describe('a server from the environment', () => {
  it('is used as it is, with its search attributes seen to, and is not ours to stop', async () => {
    const { address, namespace } = await testServer();
    const server = await open({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
    expect(server).toMatchObject({ address, namespace, owned: false, uiUrl: undefined });
    await server.stop();
    const connection = await Connection.connect(server.connectionOptions);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    await connection.close();
    expect({ ...customAttributes }).toEqual({ Serial: 2, Attempts: 3 });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(24 * 60 * 60);
  });

  it('is refused when a search attribute has another type', async () => {
    const { address, namespace } = await testServer({ Serial: 'Text' });
    const opening = open({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
    await expect(opening).rejects.toMatchObject({
      code: 'TEMPORAL_SEARCH_ATTRIBUTES',
      message: expect.stringContaining(
        `Serial of namespace ${namespace} is Text and must be Keyword`,
      ) as string,
    });
  });

  it('is refused with the command to run when an attribute cannot be registered', async () => {
    // SQL stores have room for three attributes of type Int.
    const { address, namespace } = await testServer({ A: 'Int', B: 'Int', C: 'Int' });
    const opening = open({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
    await expect(opening).rejects.toMatchObject({
      code: 'TEMPORAL_SEARCH_ATTRIBUTES',
      message: expect.stringContaining('temporal operator search-attribute create --namespace') as string,
    });
  });

  it('is refused in one sentence when nothing listens at the address', async () => {
    await expect(open({ TEMPORAL_ADDRESS: '127.0.0.1:9' }, 1_000)).rejects.toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: expect.stringMatching(
        /^The Temporal server at 127\.0\.0\.1:9 refuses the connection, nothing listens .+: start it, .+\.$/,
      ) as string,
    });
  });

  it('is refused in one sentence when what listens is no Temporal server', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const opening = open({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` }, 1_000);
    await expect(opening).rejects.toMatchObject({ code: 'TEMPORAL_UNREACHABLE' });
  });

  it('is refused when it has no such namespace, and none is made', async () => {
    const { connectionOptions } = await testServer();
    const connection = await Connection.connect(connectionOptions);
    onTestFinished(async () => connection.close());
    await expect(waitForNamespace(connection, 'no-such', 0, undefined)).rejects.toMatchObject({
      code: 'TEMPORAL_NAMESPACE_MISSING',
      message: expect.stringContaining('temporal operator namespace create --namespace no-such') as string,
    });
    await expect(waitForNamespace(connection, 'no-such', 0, undefined)).rejects.toThrow('no namespace');
  });
});
