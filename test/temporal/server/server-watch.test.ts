// Inputs as in a real outage: a TLS listener in front of a real server that wants a client certificate, short-lived
// certificates whose files are replaced, connections that are cut, an expired certificate that is refused.
import { describe, expect, it, onTestFinished } from 'vitest';
import { externalConfiguration } from '../../../temporal/server/external-configuration.ts';
import { watchExternalServer } from '../../../temporal/server/server-watch.ts';
import type { WatchedConnections } from '../../../temporal/server/server-watch.ts';
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
  /** What was said of credentials that cannot be used. */
  readonly refused: string[];
}

/** `fault`: what `renew` throws. `started`: after what the watch begins, with credentials that were read before. */
async function watched({
  fault,
  started,
}: {
  readonly fault?: Error;
  readonly started?: (relay: MutualTlsRelay) => void;
} = {}): Promise<Watched> {
  const { address, namespace } = await testServer();
  const relay = await startMutualTlsRelay(address, namespace, ['a', 'b', 'c']);
  const renewed: TemporalConnectionOptions[] = [];
  const refused: string[] = [];
  let options = externalConfiguration(relay.environment)!.connectionOptions;
  started?.(relay);
  const connections = {
    namespace,
    get options() {
      return options;
    },
    renew: async (next: TemporalConnectionOptions): Promise<void> => {
      if (fault !== undefined) throw fault;
      renewed.push(next);
      options = next;
    },
    refused: (says: string) => void refused.push(says),
  };
  const watch = watchExternalServer(relay.environment, connections, PACE);
  onTestFinished(watch.stop);
  return { relay, lost: watch.lost, renewed, refused };
}

/** How it ended within so many ms, or that it goes on. */
async function within(ms: number, lost: Promise<never>): Promise<string> {
  const goesOn = new Promise<string>((resolve) => setTimeout(() => resolve('goes on'), ms).unref());
  return await Promise.race([
    lost.catch((error: Error & { code?: string }) => `${error.code}: ${error.message}`),
    goesOn,
  ]);
}

function connectionsTo(address: string, namespace: string): WatchedConnections {
  return { namespace, options: { address }, renew: async () => undefined, refused: () => undefined };
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
    const fault = Object.assign(new Error('what may repeat a credential'), { code: 'ECONNRESET' });
    const { relay, lost } = await watched({ fault });
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

  it('gets a certificate that was replaced while it started', async () => {
    const { lost, renewed } = await watched({ started: (relay) => relay.present('b') });
    await until('it is renewed', () => renewed.length > 0);
    expect(await within(300, lost)).toBe('goes on');
    expect(renewed).toHaveLength(1);
  });

  it("continues with its own where the new one is a stranger's, says so once, and takes the next good one", async () => {
    const { relay, lost, renewed, refused } = await watched();
    relay.present('stranger');
    await until('it says so', () => refused.length > 0);
    expect(await within(3 * PACE.silentMs, lost)).toBe('goes on');
    expect(renewed).toEqual([]);
    expect(refused).toEqual([
      expect.stringMatching(
        /^The credentials for the Temporal server at 127\.0\.0\.1:\d+ were replaced, and the new ones do not work \(.+\): correct the files .* continues with the credentials that it has\.$/,
      ),
    ]);
    relay.present('b');
    await until('it is renewed', () => renewed.length > 0);
  });

  it.each([
    ['empty', (relay: MutualTlsRelay) => relay.emptyCertificate()],
    ['half a file', (relay: MutualTlsRelay) => relay.halveCertificate()],
    ['not there', (relay: MutualTlsRelay) => relay.removeCertificate()],
  ])('continues with a renewed one where the file is %s, and says so once', async (_, spoil) => {
    const { relay, lost, renewed, refused } = await watched();
    relay.present('b');
    await until('it is renewed', () => renewed.length > 0);
    // The certificate of the start is of no use any more.
    relay.expire('a');
    spoil(relay);
    expect(await within(3 * PACE.silentMs, lost)).toBe('goes on');
    expect(refused).toEqual([expect.stringMatching(/continues with the credentials that it has\.$/)]);
    relay.present('c');
    await until('it is renewed again', () => renewed.length > 1);
  });

  it('ends where neither its own nor the new one is accepted', async () => {
    const { relay, lost } = await watched();
    relay.present('stranger');
    relay.expire('a');
    expect(await within(20_000, lost)).toMatch(/^TEMPORAL_LOST/);
  });
});

describe('a role that connects, and may not work', () => {
  it('ends when its namespace is deleted', async () => {
    const { address, namespace } = await testServer();
    const environment = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    const watch = watchExternalServer(environment, connectionsTo(address, namespace), PACE);
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
    const watch = watchExternalServer({}, connectionsTo('127.0.0.1:1', 'default'), PACE);
    onTestFinished(watch.stop);
    expect(await within(300, watch.lost)).toBe('goes on');
  });
});
