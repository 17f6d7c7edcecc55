import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { startUiGuard } from '../../../temporal/server/ui-guard.ts';
import { freePort } from '../../../temporal/server/server-ports.ts';

const SETTINGS = { Version: '2.54.1', DisableWriteActions: false };

/** A page behind its guard, which compresses what the client takes compressed, as Temporal's does. Returns the guard's address. */
async function guarded(actions: boolean): Promise<string> {
  const page = createServer(({ url, headers }, response) => {
    if (url !== '/api/v1/settings?') {
      response.end('the page');
      return;
    }
    const body = Buffer.from(JSON.stringify(SETTINGS));
    const isCompressed = headers['accept-encoding']?.includes('gzip') === true;
    if (isCompressed) response.setHeader('content-encoding', 'gzip');
    response.end(isCompressed ? gzipSync(body) : body);
  });
  page.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
  page.listen(0, '127.0.0.1');
  await once(page, 'listening');
  const port = await freePort();
  const inside = { host: '127.0.0.1', port: (page.address() as AddressInfo).port };
  const guard = await startUiGuard({ port, inside, actions });
  onTestFinished(async () => {
    await guard.close();
    page.close();
  });
  return `http://127.0.0.1:${port}`;
}

// `fetch` takes compressed answers, as every browser does.
it.each([
  ['is read-only', false, true],
  ['has its buttons', true, false],
])('the settings of a page that %s reach a browser', async (_, actions, isDisabled) => {
  const answer = await fetch(`${await guarded(actions)}/api/v1/settings?`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ...SETTINGS, DisableWriteActions: isDisabled });
});

it('a read-only page is shown', async () => {
  const address = await guarded(false);
  expect(await (await fetch(address)).text()).toBe('the page');
});

// The paths of Temporal's HTTP API: the last part of some of them is a name that the caller chooses.
it.each([
  ['a/query/b', 200],
  ['batch%2FL1/query/__temporal_workflow_metadata', 200],
  ['a/terminate', 403],
  ['a/signal/query', 403],
  ['a/signal-with-start/query', 403],
  ['a/update/query', 403],
  ['a/query', 403],
  ['a/query/b/c', 403],
  ['a/query/../signal/query', 403],
  ['a/signal/x%2Fquery%2Fb', 403],
])('a read-only page passes on POST …/workflows/%s only where that is a query: %i', async (path, status) => {
  const { port } = new URL(await guarded(false));
  const asked = request({ port, path: `/api/v1/namespaces/default/workflows/${path}`, method: 'POST' }).end();
  const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage];
  expect(statusCode).toBe(status);
});

// `fetch` would tidy up such a path, and sends none of these headers.
it.each(['GET', 'POST'])(
  'a %s of a path that begins with two slashes does not end the line',
  async (method) => {
    const { port } = new URL(await guarded(false));
    const asked = request({ port, path: '//', method }).end();
    const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage];
    expect(statusCode).toBe(method === 'GET' ? 200 : 403);
  },
);

it('an address of another host is refused', async () => {
  const { port } = new URL(await guarded(true));
  const asked = request({ port, path: 'http://elsewhere/' }).end();
  const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage];
  expect(statusCode).toBe(403);
});

it('the wish for another protocol is not passed on', async () => {
  const { port } = new URL(await guarded(false));
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  const asked = request({ port, headers }).end();
  const [{ statusCode }] = (await once(asked, 'response')) as [IncomingMessage];
  expect(statusCode).toBe(200);
});
