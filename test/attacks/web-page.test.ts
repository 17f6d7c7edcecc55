// C3: a web page of another site, open in a browser on the bench PC. It can send requests to ports of this host; by DNS
// rebinding it can also read the answers, but then its own name is in Host.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import { readServerRecord } from '../../temporal/server/server-record.ts';
import type { ServerRecord } from '../../temporal/server/server-record.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Page {
  readonly server: TemporalServer;
  readonly record: ServerRecord;
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** Sends these headers and no others; fetch() would set Host itself. */
async function send(
  port: number,
  asked: { host?: string; method?: string; path: string; headers: Record<string, string>; body?: string },
): Promise<Answer> {
  const { host = '127.0.0.1', body = '', ...options } = asked;
  return await new Promise((resolve, reject) => {
    const sent = request({ host, port, ...options }, (answer) => {
      text(answer).then((got) => resolve({ status: answer.statusCode ?? 0, body: got }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** TCP ports on which the process listens, from proc(5). */
function listeningPorts(pid: number): number[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && inodes.has(inode ?? ''))
    .map(([, local]) => parseInt(local?.split(':')[1] ?? '', 16));
}

async function openPage(uiActions: boolean): Promise<Page> {
  const directory = temporaryFolder();
  const server = await openTemporalServer({
    directory,
    searchAttributes: {},
    report: () => undefined,
    environment: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    uiActions,
  });
  const record = readServerRecord(directory);
  if (record === undefined) throw new Error('the server is not recorded');
  const connection = await Connection.connect({ address: server.address });
  const close = async (): Promise<void> => {
    await connection.close();
    await server.stop();
  };
  await until('the page is served', async () => {
    const { ui } = record.ports;
    const { status } = await send(ui, { path: '/api/v1/settings', headers: { host: `127.0.0.1:${ui}` } });
    return status === 200;
  });
  return { server, record, client: new Client({ connection }), close };
}

const WORKFLOWS = '/api/v1/namespaces/default/workflows';

function startOf(id: string): { method: string; path: string; body: string } {
  const body = { workflowType: { name: 'chosen' }, taskQueue: { name: 'attacker' } };
  return { method: 'POST', path: `${WORKFLOWS}/${id}`, body: JSON.stringify(body) };
}

async function isStarted({ client }: Page, id: string): Promise<boolean> {
  return await client.workflow
    .getHandle(id)
    .describe()
    .then(
      () => true,
      () => false,
    );
}

describe('a web page of another site', () => {
  let page: Page;
  beforeAll(async () => {
    page = await openPage(false);
  });
  afterAll(async () => page.close());

  it('starts no workflow by the HTTP API of the server, on whichever port that listens', async () => {
    const ports = listeningPorts(page.record.process.pid);
    expect(ports).toContain(page.record.ports.frontend);
    const statuses: number[] = [];
    for (const port of ports) {
      const headers = {
        host: `evil.example:${port}`,
        origin: 'http://evil.example',
        'content-type': 'text/plain',
      };
      for (const named of [headers, { ...headers, host: `127.0.0.1:${port}` }]) {
        const id = `by-http-${port}-${named.host.length}`;
        const answer = await send(port, { ...startOf(id), headers: named }).catch(() => undefined);
        if (answer !== undefined) statuses.push(answer.status);
        expect(await isStarted(page, id)).toBe(false);
      }
    }
    // One of the ports is the HTTP API, and it refused because of the name.
    expect(statuses).toContain(403);
  });

  it('reads nothing and changes nothing through the page, neither by its own name nor by the name of the page', async () => {
    const { ui } = page.record.ports;
    for (const host of [
      `evil.example:${ui}`,
      'evil.example',
      `127.0.0.1.evil.example:${ui}`,
      `localhost.:${ui}`,
    ]) {
      const answer = await send(ui, { path: WORKFLOWS, headers: { host } });
      expect({ host, ...answer }).toMatchObject({
        status: 403,
        body: expect.stringContaining('Open it as 127.0.0.1'),
      });
    }
    const headers = { host: `127.0.0.1:${ui}`, origin: 'http://evil.example' };
    expect(await send(ui, { ...startOf('by-page'), headers })).toMatchObject({ status: 403 });
    expect(await isStarted(page, 'by-page')).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'cannot go round the page, since the place behind it is random',
    async () => {
      const { uiInside, ports } = page.record;
      expect(uiInside?.host).toMatch(/^127\.\d+\.\d+\.\d+$/);
      expect(uiInside?.host).not.toBe('127.0.0.1');
      const other = await openPage(false);
      expect(other.record.uiInside).not.toEqual(uiInside);
      await other.close();
      expect(ports.ui).not.toBe(uiInside?.port);
    },
  );
});

describe('the page itself', () => {
  it('is read-only unless it was allowed more, and says so; queries still work', async () => {
    const page = await openPage(false);
    const { ui } = page.record.ports;
    const headers = { host: `127.0.0.1:${ui}`, origin: `http://127.0.0.1:${ui}` };
    const settings = await send(ui, { path: '/api/v1/settings', headers });
    expect(JSON.parse(settings.body)).toMatchObject({ DisableWriteActions: true });
    expect(await send(ui, { ...startOf('read-only'), headers })).toMatchObject({
      status: 403,
      body: expect.stringContaining('--ui-actions'),
    });
    const query = await send(ui, {
      method: 'POST',
      path: `${WORKFLOWS}/none/query/state`,
      headers,
      body: '{}',
    });
    // The server's own answer: there is no such workflow.
    expect(query.body).not.toContain('read-only');
    await page.close();
  });

  it('acts where that was allowed', async () => {
    const page = await openPage(true);
    const { ui } = page.record.ports;
    const headers = { host: `localhost:${ui}`, origin: `http://localhost:${ui}` };
    const settings = await send(ui, { path: '/api/v1/settings', headers });
    expect(JSON.parse(settings.body)).toMatchObject({ DisableWriteActions: false });
    const answer = await send(ui, { ...startOf('allowed'), headers });
    expect(answer.body).not.toContain('Open it as');
    await page.close();
  });
});
