import { X509Certificate } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Monitor } from '../monitoring/monitor.ts';
import { unpolledQueues } from '../temporal/worker-presence.ts';
import type { ServerConnections } from '../temporal/server-connections.ts';

/** Shorter than the patience of a scrape, milliseconds. */
const ANSWER_MS = 3_000;

/** Asks the server with a deadline: the SDK else tries again for a minute, also when the connection is closed, and fails then. */
export async function asked<T>(client: Client, ask: () => Promise<T>): Promise<T> {
  return await client.withDeadline(Date.now() + ANSWER_MS, ask);
}

/** A role is ready while the server sees that this process asks for work on these task queues. */
export function monitorPolling(
  { readiness }: Monitor,
  client: Client,
  polling: { readonly identity: string; readonly taskQueues: readonly string[] },
): void {
  const { identity, taskQueues } = polling;
  readiness.add(`temporal ${identity}`, async () => {
    const silent = await asked(client, () =>
      unpolledQueues(client.connection, client.options.namespace, { identity, taskQueues }),
    );
    if (silent.length === 0) return undefined;
    return `the Temporal server does not see that ${identity} asks for work on ${silent.join(', ')}`;
  });
}

/** When the certificate expires with which this process connects, if it has one. */
export function monitorClientCertificate(
  { metrics }: Monitor,
  connections: Pick<ServerConnections, 'options'>,
): void {
  const expiry = (): number | undefined => {
    const { tls } = connections.options;
    const certificate = typeof tls === 'object' ? tls?.clientCertPair?.crt : undefined;
    return certificate && Date.parse(new X509Certificate(certificate).validTo) / 1_000;
  };
  if (expiry() === undefined) return;
  metrics.sample({
    name: 'certline_client_certificate_expiry_timestamp_seconds',
    help: 'When the certificate expires with which this process connects to Temporal, as Unix time.',
    read: () => [expiry()].flatMap((value) => (value === undefined ? [] : [{ value }])),
  });
}
