import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import { answerPlainly, closeListener } from '../server/plain-answer.ts';

/** The most that a page of Temporal's UI sends at once: its histories come in pages of a few MiB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

const base64 = z.base64();
const body = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })),
});

export interface CodecServerOptions {
  readonly codec: PayloadCodec;
  /** 0 for any free port. */
  readonly port: number;
  /** Origin of the page that may ask, such as `http://127.0.0.1:8233`. */
  readonly page: string;
}

export interface CodecServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/**
 * Decrypts payloads for Temporal's UI, by Temporal's protocol for remote codecs (POST /decode, JSON payloads). It
 * listens on 127.0.0.1 only, and answers one page: a request with another Origin, or without one, is refused. It never
 * encrypts: the page cannot send an Update through it.
 */
export async function startCodecServer({ codec, port, page }: CodecServerOptions): Promise<CodecServer> {
  const server = createServer((request, response) => void answer(request, response, codec, page));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closeListener(server),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  codec: PayloadCodec,
  page: string,
): Promise<void> {
  const { method, headers, url = '/' } = request;
  if (headers.origin !== page) return answerPlainly(response, 403, `Only the page ${page} is answered.`);
  response.setHeader('access-control-allow-origin', page);
  response.setHeader('access-control-allow-methods', 'POST');
  response.setHeader('access-control-allow-headers', 'content-type, x-namespace, authorization');
  response.setHeader('access-control-allow-credentials', 'true');
  if (method === 'OPTIONS') return void response.writeHead(204).end();
  if (url.split('?', 1)[0] !== '/decode' || method !== 'POST')
    return answerPlainly(response, 404, 'There is POST /decode, and nothing else.');
  try {
    const { payloads } = body.parse(JSON.parse((await limitedBody(request)).toString()));
    const decoded = await codec.decode(
      payloads.map(({ metadata = {}, data }) => ({
        metadata: mapValues(metadata, (value) => Buffer.from(value, 'base64')),
        ...(data !== undefined && { data: Buffer.from(data, 'base64') }),
      })),
    );
    const shown = decoded.map(({ metadata, data }) => ({
      metadata: mapValues(metadata ?? {}, (value) => Buffer.from(value).toString('base64')),
      ...(data && { data: Buffer.from(data).toString('base64') }),
    }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ payloads: shown }));
  } catch {
    answerPlainly(response, 400, 'The request has no list of payloads in JSON, or is too long.');
  }
}

async function limitedBody(request: IncomingMessage): Promise<Buffer> {
  const length = Number(request.headers['content-length'] ?? NaN);
  if (!(length <= MAX_BODY_BYTES)) throw new RangeError('too long');
  return await buffer(request);
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
