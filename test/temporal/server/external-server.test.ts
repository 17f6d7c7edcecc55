import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitForNamespace } from '../../../temporal/server/namespace-wait.ts';
import { openTemporalServer } from '../../../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../../../temporal/server/temporal-server.ts';
import { testServer } from '../../support/temporal-server.ts';

async function open(
  environment: NodeJS.ProcessEnv,
  { connectMs = 20_000, registers = true } = {},
): Promise<TemporalServer> {
  return openTemporalServer({
    directory: '/nowhere',
    registers,
    searchAttributes: { Serial: 'Keyword', Attempts: 'Int' },
    environment,
    patience: { connectMs },
    report: () => undefined,
  });
}

async function attributesOf(address: string, namespace: string): Promise<Record<string, number>> {
  const connection = await Connection.connect({ address });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  await connection.close();
  return { ...customAttributes };
}

describe('a server from the environment', () => {
  it('is used as it is, with its search attributes seen to, and is not ours to stop', async () => {
    const { address, namespace } = await testServer();
    const server = await open({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
    expect(server).toMatchObject({ address, namespace, owned: false, uiUrl: undefined });
    await server.stop();
    expect(await attributesOf(address, namespace)).toEqual({ Serial: 2, Attempts: 3 });
    const connection = await Connection.connect(server.connectionOptions);
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    await connection.close();
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
    const present = { A: 'Int', B: 'Int', C: 'Int' } as const;
    const { address, namespace } = await testServer(present);
    const opening = open({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
    await expect(opening).rejects.toMatchObject({
      code: 'TEMPORAL_SEARCH_ATTRIBUTES',
      message: expect.stringMatching(
        /1 of type Keyword are needed; with visibility in SQL 10 of 10 are free; 1 of type Int are needed; with visibility in SQL 0 of 3 are free.*temporal operator search-attribute create --namespace/,
      ) as string,
    });
    expect(await attributesOf(address, namespace)).toEqual({ A: 3, B: 3, C: 3 });
  });

  it('is refused, and left as it is, when an attribute is missing and this process is not the one that registers', async () => {
    const { address, namespace } = await testServer({ Serial: 'Keyword' });
    const opening = open({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }, { registers: false });
    await expect(opening).rejects.toMatchObject({
      code: 'TEMPORAL_SEARCH_ATTRIBUTES',
      message: `Search attributes of namespace ${namespace} are missing, and only the orchestrator registers them; 1 of type Int are needed; with visibility in SQL 3 of 3 are free: start it, or have an administrator run: temporal operator search-attribute create --namespace ${namespace} --name Attempts --type Int`,
    });
    expect(await attributesOf(address, namespace)).toEqual({ Serial: 2 });
  });

  it('is refused in one sentence when nothing listens at the address', async () => {
    await expect(open({ TEMPORAL_ADDRESS: '127.0.0.1:9' }, { connectMs: 1_000 })).rejects.toMatchObject({
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
    const opening = open({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` }, { connectMs: 1_000 });
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
