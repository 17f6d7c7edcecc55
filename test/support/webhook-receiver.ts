import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, onTestFinished, TestRunner } from 'vitest';

/** Of the receiver. */
export const WEBHOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`;

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/** A local receiver that verifies each event with the library of Standard Webhooks. */
export async function startReceiver(statusOf: (event: ReceivedEvent) => number = () => 204, port = 0) {
  const events: ReceivedEvent[] = [];
  const server = createServer((request, response) => {
    void take(request, response);
  });
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = request.headers as Record<string, string>;
    const said = new Webhook(WEBHOOK_SECRET).verify(await bodyOf(request), headers) as ReceivedEvent;
    const event = { ...said, id: String(headers['webhook-id']) };
    events.push(event);
    response.writeHead(statusOf(event)).end();
  };
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  // One that a whole file uses is opened before its tests.
  if (TestRunner.getCurrentTest() === undefined) afterAll(close);
  else onTestFinished(close);
  const { port: taken } = server.address() as AddressInfo;
  return { events, port: taken, url: `http://127.0.0.1:${taken}/hook`, close };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const part of request) body += String(part);
  return body;
}
