// Inputs as in a real outage: a TLS listener in front of a real server that wants a client certificate, short-lived
// certificates whose files are replaced, connections that are cut, an expired certificate that is refused.
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchExternalServer } from '../../../temporal/server/server-watch.ts';
import type { TemporalConnectionOptions } from '../../../temporal/server/temporal-server.ts';
import { deleteNamespace, testServer } from '../../support/temporal-server.ts';
import { until } from '../../support/until.ts';
import { startMutualTlsRelay } from '../mutual-tls-relay.ts';
import type { MutualTlsRelay } from '../mutual-tls-relay.ts';

const PACE = { everyMs: 50, connectMs: 2_000, silentMs: 1_000 };

interface Watched {
  readonly relay: MutualTlsRelay;
  readonly lost: Promise<never>;
  /** What was given to `renew`. */
  readonly renewed: TemporalConnectionOptions[];
}

async function watched(fault?: Error): Promise<Watched> {
  const { address, namespace } = await testServer();
  const relay = await startMutualTlsRelay(address, namespace);
  const renewed: TemporalConnectionOptions[] = [];
  const renew = async (options: TemporalConnectionOptions): Promise<void> => {
    if (fault !== undefined) throw fault;
    renewed.push(options);
  };
  const watch = watchExternalServer(relay.environment, renew, PACE);
  onTestFinished(watch.stop);
  return { relay, lost: watch.lost, renewed };
}

/** How it ended within so many ms, or that it goes on. */
async function within(ms: number, lost: Promise<never>): Promise<string> {
  const goesOn = new Promise<string>((resolve) => setTimeout(() => resolve('goes on'), ms).unref());
  return await Promise.race([
    lost.catch((error: Error & { code?: string }) => `${error.code}: ${error.message}`),
    goesOn,
  ]);
}

describe('a role on a server with mutual TLS', () => {
  it('gets a certificate that was replaced on disk, once, and not while half of it is', async () => {
    const { relay, lost, renewed } = await watched();
    relay.emptyCertificate();
    expect(await within(400, lost)).toBe('goes on');
    relay.present('a');
    expect(await within(400, lost)).toBe('goes on');
    expect(renewed).toEqual([]);
    relay.present('b');
    await until('it is renewed', () => renewed.length > 0);
    expect(await within(400, lost)).toBe('goes on');
    expect(renewed).toHaveLength(1);
    relay.present('a');
    await until('it is renewed again', () => renewed.length > 1);
  });

  it('ends where it cannot go on with the certificate that was replaced', async () => {
    const { relay, lost } = await watched(
      Object.assign(new Error('what may repeat a credential'), { code: 'ECONNRESET' }),
    );
    relay.present('b');
    expect(await within(10_000, lost)).toMatch(
      /^TEMPORAL_LOST: The credentials .* were replaced, and this process cannot continue with the new ones \(ECONNRESET\)/,
    );
  });

  it('ends when its certificate is no longer accepted', async () => {
    const { relay, lost } = await watched();
    expect(await within(300, lost)).toBe('goes on');
    relay.expire('a');
    expect(await within(20_000, lost)).toMatch(
      /^TEMPORAL_LOST: The Temporal server at 127\.0\.0\.1:\d+ has not let this process work in namespace test-\S+ for \d+ s \(/,
    );
  });

  it('is refused with the certificate of a stranger', async () => {
    const { relay, lost } = await watched();
    relay.present('stranger');
    expect(await within(10_000, lost)).toMatch(/^TEMPORAL_LOST/);
  });
});

describe('a role that connects, and may not work', () => {
  it('ends when its namespace is deleted', async () => {
    const { address, namespace } = await testServer();
    const environment = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    const watch = watchExternalServer(environment, async () => undefined, PACE);
    onTestFinished(watch.stop);
    expect(await within(300, watch.lost)).toBe('goes on');
    await deleteNamespace(address, namespace);
    expect(await within(30_000, watch.lost)).toMatch(
      new RegExp(
        `^TEMPORAL_LOST: The Temporal server at .* has not let this process work in namespace ${namespace} .*not found`,
      ),
    );
  });
});

describe('a role on a server of its own host', () => {
  it('has nothing to watch', async () => {
    const watch = watchExternalServer({}, async () => undefined, PACE);
    onTestFinished(watch.stop);
    expect(await within(300, watch.lost)).toBe('goes on');
  });
});
