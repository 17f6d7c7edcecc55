import { chmodSync } from 'node:fs';
import { createSecretKey, randomBytes } from 'node:crypto';
import { Client, Connection, defaultPayloadConverter } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCodecServer } from '../../../temporal/codec/codec-server.ts';
import type { CodecServer } from '../../../temporal/codec/codec-server.ts';
import { EncryptionCodec } from '../../../temporal/codec/encryption-codec.ts';
import { readPayloadKeys } from '../../../temporal/codec/payload-keys.ts';
import { makeDataConverter } from '../../../temporal/data-converter.ts';
import { temporaryFile } from '../../support/temporary-folder.ts';
import { testServer } from '../../support/temporal-server.ts';
import { bundleWorkflows } from '../../../workers/workflow-bundle.ts';

// Once a process, before any worker: what the workers have to say is noise in a test's output.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

const ONE_STEP = new URL('../one-step-workflow.ts', import.meta.url).pathname;

function keyFile(...keys: string[]): string {
  const path = temporaryFile(`${keys.join('\n')}\n`, 'payload-keys');
  chmodSync(path, 0o600);
  return path;
}

const newKey = (): string => randomBytes(32).toString('base64');
const payloadOf = (value: unknown): temporal.api.common.v1.IPayload =>
  defaultPayloadConverter.toPayload(value);

describe('the file of payload keys', () => {
  it.each([
    ['nothing', '', /has no key\. Make one with "openssl rand -base64 32"/],
    ['a short key', randomBytes(16).toString('base64'), /Line 1 of .* is not 32 bytes in base64/],
    ['a word', 'secret', /Line 1 of /],
    ['a good key and a bad one', `${newKey()}\nx`, /Line 2 of /],
  ])('is refused with %s in it', (_, text, sentence) => {
    expect(() => readPayloadKeys(keyFile(text))).toThrow(sentence);
  });

  it('is refused when others can read it, or when it is not there', () => {
    const path = keyFile(newKey());
    chmodSync(path, 0o644);
    expect(() => readPayloadKeys(path)).toThrow(/Others can read the payload keys/);
    expect(() => readPayloadKeys('/no/such')).toThrow(/cannot be read/);
  });
});

describe('an encrypted payload', () => {
  it('comes back whole, and is another one each time', async () => {
    const codec = new EncryptionCodec(readPayloadKeys(keyFile(newKey())));
    const [first, second] = await codec.encode([payloadOf({ serial: 'A-1' }), payloadOf({ serial: 'A-1' })]);
    expect(first?.data).not.toEqual(second?.data);
    expect(Buffer.from(first?.data ?? []).includes('A-1')).toBe(false);
    const [back] = await codec.decode([first ?? {}]);
    expect(defaultPayloadConverter.fromPayload(back as never)).toEqual({ serial: 'A-1' });
  });

  it('is read with an older key after a new one was put in front', async () => {
    const [old, fresh] = [newKey(), newKey()];
    const [written] = await new EncryptionCodec(readPayloadKeys(keyFile(old))).encode([payloadOf(7)]);
    const both = new EncryptionCodec(readPayloadKeys(keyFile(fresh, old)));
    const [back] = await both.decode([written ?? {}]);
    expect(defaultPayloadConverter.fromPayload(back as never)).toBe(7);
    const [later] = await both.encode([payloadOf(8)]);
    const onlyOld = new EncryptionCodec(readPayloadKeys(keyFile(old)));
    expect(await onlyOld.decode([later ?? {}])).toEqual([later]);
  });

  it('stays as it is when it was changed at any octet, is cut, or is none', async () => {
    const codec = new EncryptionCodec(readPayloadKeys(keyFile(newKey())));
    const [whole] = await codec.encode([payloadOf('x')]);
    const data = Buffer.from(whole?.data ?? []);
    for (let at = 0; at < data.length; at += 1) {
      const changed = { ...whole, data: Buffer.from(data) };
      changed.data[at] = (changed.data[at] ?? 0) ^ 1;
      expect(await codec.decode([changed])).toEqual([changed]);
    }
    for (const cut of [0, 5, 27, data.length - 1]) {
      const short = { ...whole, data: data.subarray(0, cut) };
      expect(await codec.decode([short])).toEqual([short]);
    }
    const plain = payloadOf('plain');
    expect(await codec.decode([plain, {}])).toEqual([plain, {}]);
  });
});

describe('a history', () => {
  it('shows a reader of the server nothing of an input, and the page all of it', async () => {
    const { address, namespace } = await testServer();
    const connection = await Connection.connect({ address });
    const keys = keyFile(newKey());
    const client = new Client({ connection, namespace, dataConverter: makeDataConverter(keys) });
    const handle = await client.workflow.start('nobody', {
      taskQueue: 'none',
      workflowId: 'encrypted',
      args: [{ serial: 'SERIAL-4711' }],
    });
    const history = await handle.fetchHistory();
    const bytes = temporal.api.history.v1.History.encode(history).finish();
    expect(Buffer.from(bytes).includes('SERIAL-4711')).toBe(false);
    const input = history.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0] ?? {};
    expect(await decodedByPage(keys, input)).toEqual({ serial: 'SERIAL-4711' });
    await handle.terminate();
    await connection.close();
  });
});

describe('a failure in a history', () => {
  /** A workflow whose one activity fails with what is secret-adjacent, under these keys; and what the server has of it. */
  async function failed(keys: string | undefined) {
    const { address, namespace } = await testServer();
    const dataConverter = makeDataConverter(keys);
    const connection = await NativeConnection.connect({ address });
    const taskQueue = `failing-${keys === undefined ? 'plain' : 'encrypted'}`;
    const worker = await Worker.create({
      connection,
      namespace,
      dataConverter,
      taskQueue,
      workflowBundle: await bundleWorkflows(ONE_STEP, dataConverter.failureConverterPath),
      activities: {
        work: () => {
          throw ApplicationFailure.nonRetryable('The board of SERIAL-4711, by A. Smith', 'BOARD_GONE');
        },
      },
    });
    const client = new Client({ connection, namespace, dataConverter });
    const start = { taskQueue, workflowId: taskQueue, args: ['x'] as [string] };
    const handle = await client.workflow.start('oneStep', start);
    const error: unknown = await worker.runUntil(handle.result().catch((reason: unknown) => reason));
    const history = await handle.fetchHistory();
    await connection.close();
    const { events = [] } = history;
    const failures = events?.flatMap(
      (event) =>
        event.activityTaskFailedEventAttributes?.failure ??
        event.workflowExecutionFailedEventAttributes?.failure ??
        [],
    );
    return {
      error,
      failures: failures ?? [],
      bytes: temporal.api.history.v1.History.encode(history).finish(),
    };
  }

  const readable = { cause: { cause: { type: 'BOARD_GONE', message: expect.stringContaining('A. Smith') } } };

  it('shows a reader of the server its code and no words, and the client and the page all of it', async () => {
    const keys = keyFile(newKey());
    const { error, failures, bytes } = await failed(keys);
    expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/SERIAL-4711|A\. Smith|one-step-workflow/);
    expect(error).toMatchObject(readable);
    expect(failures).toHaveLength(2);
    for (const failure of failures) expect(failure.message).toBe('Encoded failure');
    const [ofActivity] = failures;
    expect(ofActivity?.applicationFailureInfo?.type).toBe('BOARD_GONE');
    expect(await decodedByPage(keys, ofActivity?.encodedAttributes ?? {})).toMatchObject({
      message: 'The board of SERIAL-4711, by A. Smith',
    });
  });

  it('is as it was for a line without payload keys', async () => {
    const { error, failures } = await failed(undefined);
    expect(error).toMatchObject(readable);
    expect(failures[0]?.message).toBe('The board of SERIAL-4711, by A. Smith');
  });
});

async function decodedByPage(keys: string, payload: temporal.api.common.v1.IPayload): Promise<unknown> {
  const codec = new EncryptionCodec(readPayloadKeys(keys));
  const server = await startCodecServer({ codec, port: 0, page: 'http://ui.test' });
  const metadata = Object.fromEntries(
    Object.entries(payload.metadata ?? {}).map(([name, value]) => [
      name,
      Buffer.from(value).toString('base64'),
    ]),
  );
  const data = Buffer.from(payload.data ?? []).toString('base64');
  const answer = await ask(server, 'http://ui.test', JSON.stringify({ payloads: [{ metadata, data }] }));
  const { payloads } = (await answer.json()) as { payloads: { data: string }[] };
  await server.close();
  return JSON.parse(Buffer.from(payloads[0]?.data ?? '', 'base64').toString());
}

async function ask(
  server: CodecServer,
  origin: string | undefined,
  body: string,
  path = '/decode',
): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(origin !== undefined && { origin }) };
  return await fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', headers, body });
}

describe('the codec server', () => {
  let server: CodecServer;
  beforeAll(async () => {
    const codec = new EncryptionCodec([{ id: 'k', key: createSecretKey(randomBytes(32)) }]);
    server = await startCodecServer({ codec, port: 0, page: 'http://ui.test' });
  });
  afterAll(async () => server.close());

  it.each([undefined, 'http://evil.example', 'http://ui.test.evil.example', 'https://ui.test', 'null'])(
    'answers no other page: %s',
    async (origin) => {
      const answer = await ask(server, origin, '{"payloads":[]}');
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it.each(['', 'x', '[]', '{"payloads":5}', '{"payloads":[{"data":"%"}]}', '{"payloads":[null]}'])(
    'refuses a body that is no list of payloads: %s',
    async (body) => {
      expect((await ask(server, 'http://ui.test', body)).status).toBe(400);
    },
  );

  it('never encrypts', async () => {
    expect((await ask(server, 'http://ui.test', '{"payloads":[]}', '/encode')).status).toBe(404);
  });

  it('answers also to a path that no URL has', async () => {
    expect((await ask(server, 'http://ui.test', '{"payloads":[]}', '//')).status).toBe(404);
  });
});
