import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openClientConnection } from '../../../temporal/server/client-connection.ts';
import { ensureSearchAttributes } from '../../../temporal/server/search-attributes.ts';
import { withinLimits } from '../../../temporal/server/within-limits.ts';
import { testServer } from '../../support/temporal-server.ts';

/** The address of a relay to the server that passes nothing on once it is frozen, and keeps its connections. */
async function startRelay(address: string): Promise<{ address: string; freeze: () => void }> {
  const [host = '', port] = address.split(':');
  const open: Socket[] = [];
  const relay = createServer((near) => {
    const far = connect(Number(port), host);
    near.pipe(far).pipe(near);
    open.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    relay.close();
  });
  const freeze = (): void => {
    for (const socket of open) socket.unpipe().pause();
  };
  return { address: `127.0.0.1:${(relay.address() as AddressInfo).port}`, freeze };
}

it(
  'a server that freezes while it is prepared is left when the signal aborts',
  { timeout: 20_000 },
  async () => {
    const { address, namespace } = await testServer();
    const relay = await startRelay(address);
    const connection = await openClientConnection({ address: relay.address });
    onTestFinished(async () => connection.close());
    const abort = new AbortController();
    await withinLimits(connection, abort.signal, () =>
      ensureSearchAttributes(connection, namespace, { Serial: 'Keyword' }, abort.signal),
    );
    relay.freeze();
    const waiting = withinLimits(connection, abort.signal, () =>
      ensureSearchAttributes(connection, namespace, { Serial: 'Keyword' }, abort.signal),
    );
    abort.abort(new Error('a person pressed Ctrl-C'));
    await expect(waiting).rejects.toThrow('a person pressed Ctrl-C');
  },
);
