import { afterEach, expect, it } from 'vitest';
import { Monitor } from '../../monitoring/monitor.ts';
import { serveMonitor } from '../../monitoring/monitor-server.ts';
import type { MonitorServer } from '../../monitoring/monitor-server.ts';

const servers: MonitorServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(
  monitor: Monitor,
  sdkMetrics: () => Promise<string> = async () => 'temporal_up 1\n',
  address = '127.0.0.1:0',
): Promise<string> {
  const server = await serveMonitor({ address, role: 'signer', monitor, sdkMetrics });
  servers.push(server);
  return `http://${server.address}`;
}

it('is ready once it has started and every part can work, and else says which cannot', async () => {
  const monitor = new Monitor();
  let trouble: string | undefined = 'the disk is full';
  monitor.readiness.add('ledger', () => trouble);
  const url = await serve(monitor);
  const look = async () => {
    const answer = await fetch(`${url}/readyz`);
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  expect(await look()).toMatchObject({
    status: 503,
    ready: false,
    checks: { start: 'the role is still starting', ledger: 'the disk is full' },
  });
  monitor.readiness.started();
  expect(await look()).toMatchObject({ status: 503, checks: { ledger: 'the disk is full' } });
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('certline_ready{part="ledger"} 0');
  trouble = undefined;
  expect(await look()).toEqual({ status: 200, role: 'signer', ready: true, checks: { ledger: 'ok' } });
});

it('says of each part how it is, also where one of them gives no answer', async () => {
  const monitor = new Monitor();
  monitor.readiness.started();
  const { promise: silence, resolve: end } = Promise.withResolvers<undefined>();
  monitor.readiness.add('database', () => silence);
  monitor.readiness.add('ca', () => undefined);
  const url = await serve(monitor);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('certline_ready{part="database"} 0');
  expect(text).toContain('certline_ready{part="ca"} 1');
  end(undefined);
});

it('is alive whatever else', async () => {
  const monitor = new Monitor();
  monitor.readiness.add('ledger', () => {
    throw new Error('gone');
  });
  const url = await serve(monitor);
  const answer = await fetch(`${url}/healthz`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ status: 'ok', role: 'signer', pid: process.pid });
});

it("serves its own metrics and the SDK's as one, and its own alone where the SDK has none", async () => {
  const both = await (await fetch(`${await serve(new Monitor())}/metrics`)).text();
  expect(both).toContain('certline_units_ended_total');
  expect(both).toContain('\ntemporal_up 1\n');
  const url = await serve(new Monitor(), async () => {
    throw new Error('no answer');
  });
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get('content-type')).toContain('version=0.0.4');
  expect(await answer.text()).toContain('certline_units_ended_total');
});

it('changes nothing: any other method and path is refused', async () => {
  const url = await serve(new Monitor());
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${url}/`)).status).toBe(404);
});

it('says which address is taken, and where another one is set', async () => {
  const { host } = new URL(await serve(new Monitor()));
  await expect(serve(new Monitor(), async () => '', host)).rejects.toMatchObject({
    code: 'MONITOR_ADDRESS',
    message: `The metrics cannot be served on ${host} (EADDRINUSE): give each role on this host an address of its own, in "metrics" of the configuration or in CERTLINE_METRICS.`,
  });
});
