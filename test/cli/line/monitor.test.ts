// Roles as real processes. Between them and the suite's Temporal server is a relay that a test can cut.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { logPath } from '../../../line/state-folder.ts';
import { SEARCH_ATTRIBUTES } from '../../../provisioning/search-attributes.ts';
import { newPlace, PRODUCT } from '../../support/certline.ts';
import { hasSystemdNotify, notifySocket } from '../../support/notify-socket.ts';
import { testServer } from '../../support/temporal-server.ts';
import { until } from '../../support/until.ts';

interface Relay {
  readonly address: string;
  cut(): void;
}

async function startRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const open = new Set<Socket>();
  let isCut = false;
  const relay = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].forEach((each) => each.destroy()));
    }
    near.pipe(far).pipe(near);
    return undefined;
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const cut = (): void => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    relay.close();
  });
  return { address: `127.0.0.1:${(relay.address() as AddressInfo).port}`, cut };
}

/** Where the process serves its metrics, as its log says. */
async function servedBy(state: string): Promise<string> {
  return await until('the metrics are served', () => {
    try {
      return /"address":"([^"]+)","msg":"metrics are served"/.exec(readFileSync(logPath(state), 'utf8'))?.[1];
    } catch {
      return undefined;
    }
  });
}

async function readiness(address: string): Promise<{ status: number; checks: Record<string, string> }> {
  const answer = await fetch(`http://${address}/readyz`);
  const { checks } = (await answer.json()) as { checks: Record<string, string> };
  return { status: answer.status, checks };
}

it('a signer is ready while the server sees it at work, tells systemd, and stops in order', async () => {
  const { address, namespace } = await testServer(SEARCH_ATTRIBUTES);
  const relay = await startRelay(address);
  const notified = hasSystemdNotify ? await notifySocket() : undefined;
  const place = newPlace({
    TEMPORAL_ADDRESS: relay.address,
    TEMPORAL_NAMESPACE: namespace,
    CERTLINE_METRICS: '127.0.0.1:0',
    ...(notified && { NOTIFY_SOCKET: notified.path, WATCHDOG_USEC: '400000' }),
  });
  expect(await place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
  const signer = place.start(['worker', 'signer'], ['ignore', 'ignore', 'inherit']);
  const ended = once(signer, 'exit');
  onTestFinished(() => void signer.kill('SIGKILL'));
  const metrics = await servedBy(place.state);
  const ready = await until('it is ready', async () => {
    const look = await readiness(metrics);
    return look.status === 200 && look;
  });
  expect(ready.checks).toEqual({ ca: 'ok', ledger: 'ok', 'temporal signer': 'ok' });
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  expect(text).toMatch(/^temporal_worker_task_slots_available\{.*task_queue="signer"/m);
  expect(text).toMatch(/^certline_ledger_head_entries \d/m);
  // Nothing that there are many of, and nothing secret.
  expect(text).not.toContain(place.folder);
  if (notified) {
    expect(notified.messages[0]).toContain('READY=1');
    await until('the watchdog is fed', () => notified.messages.some((line) => line.includes('WATCHDOG=1')));
  }
  relay.cut();
  const cut = await until('it is not ready', async () => {
    const look = await readiness(metrics);
    return look.status === 503 && look;
  });
  expect(cut.checks).toMatchObject({ ca: 'ok', ledger: 'ok' });
  expect(cut.checks['temporal signer']).not.toBe('ok');
  expect((await fetch(`http://${metrics}/healthz`)).status).toBe(200);
  signer.kill('SIGTERM');
  // Nothing that the server did not answer comes after the connection is closed.
  expect(await ended).toEqual([0, null]);
  if (notified) await until('it stops', () => notified.messages.some((line) => line.includes('STOPPING=1')));
});

it('a station with a port that cannot be opened lives, is not ready, and names the socket', async () => {
  const { address, namespace } = await testServer(SEARCH_ATTRIBUTES);
  const place = newPlace({
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    // What the configuration says is for processes without an address of their own.
    CERTLINE_METRICS: '127.0.0.1:0',
  });
  const port = join(place.folder, 'no-terminal');
  writeFileSync(port, '');
  const sockets = [{ id: '1', port, product: PRODUCT.name }];
  place.configure({
    products: [PRODUCT],
    stations: [{ id: 'st-1', sockets }],
    metrics: { address: '127.0.0.1:1' },
  });
  expect(await place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
  expect(await place.certline('station', 'enroll')).toMatchObject({ status: 0 });
  // Makes the key of the signer, whose permits the station believes.
  expect(await place.certline('station', 'signer-key')).toMatchObject({ status: 0 });
  const station = place.start(['worker', 'station'], ['ignore', 'ignore', 'inherit']);
  onTestFinished(() => void station.kill('SIGKILL'));
  const metrics = await servedBy(place.state);
  const look = await until('the fault shows', async () => {
    const { status, checks } = await readiness(metrics);
    return checks['sockets of st-1']?.startsWith('socket 1: ') && { status, checks };
  });
  expect(look.status).toBe(503);
  expect(look.checks['sockets of st-1']).toContain('Socket out of order');
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  expect(text).toContain('certline_sockets{station="st-1",state="fault"} 1');
  expect((await fetch(`http://${metrics}/healthz`)).status).toBe(200);
});

it.each([
  ['CERTLINE_METRICS', { CERTLINE_METRICS: 'nine' }, {}, 'CERTLINE_METRICS is "nine": it must be an address'],
  [
    'the configuration',
    {},
    { metrics: { address: '9464' } },
    'metrics.address: must be an address of this host',
  ],
])('a wrong address in %s is named', async (_where, environment, config, says) => {
  const place = newPlace({ TEMPORAL_ADDRESS: '127.0.0.1:1', ...environment });
  place.configure({ products: [PRODUCT], ...config });
  const { status, stderr } = await place.certline('worker', 'signer');
  expect(stderr).toContain(says);
  expect(status).toBe(4);
});

describe.each([
  ['which serves metrics', { metrics: { address: '127.0.0.1:0' } }],
  ['which serves none', {}],
  ['whose address is none of this host', { metrics: { address: '192.0.2.1:9464' } }],
])('a process %s', (_which, more) => {
  it.each([
    ['role', ['worker', 'signer'], 8],
    ['line', ['up'], 30],
  ])('ends when its %s does not start', async (_what, command, status) => {
    const place = newPlace();
    const sockets = [{ id: '1', port: '/dev/certline-no-port', product: PRODUCT.name }];
    const stations = [{ id: 'st-1', sockets }];
    place.configure({ inbox: place.inbox, products: [PRODUCT], stations, ...more });
    const child = place.start(command, 'ignore');
    onTestFinished(() => void child.kill('SIGKILL'));
    const [ended] = (await once(child, 'exit', { signal: AbortSignal.timeout(60_000) })) as [number];
    expect(ended).toBe('metrics' in more && more.metrics.address.startsWith('192') ? 4 : status);
  });
});
