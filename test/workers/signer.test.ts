import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ensureDemoCa } from '../../line/ca.ts';
import { Monitor } from '../../monitoring/monitor.ts';
import { parseLineConfig } from '../../line/config.ts';
import { auditWitnessPath, crlPath, ledgerPath } from '../../line/state-folder.ts';
import { ServerConnections } from '../../temporal/server-connections.ts';
import { openSigner } from '../../workers/signer.ts';
import { issueInto } from '../cli/issued-lot.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import { makeCa } from '../pki/leaf.ts';
import { testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const log = pino({ level: 'silent' });

/** Whatever is asked of it, the signer asked too early: no work is taken by a wrong profile. */
function untouched(what: string): object {
  return new Proxy(
    {},
    {
      get: () => {
        throw new Error(`the ${what} was used`);
      },
    },
  );
}

it.each([
  [
    'by itself',
    { organization: '' },
    'The certificate profile of product node is not valid: organization is missing.',
  ],
  ['under the CA', { extendedKeyUsage: ['clientAuth', 'serverAuth'] as const }, 'take serverAuth out'],
])('a signer does not start with a product that is wrong %s', async (_how, change, cure) => {
  const stateFolder = temporaryFolder();
  const config = parseLineConfig({ products: [{ name: 'node', organization: 'Acme' }] }, 'test', stateFolder);
  const started = openSigner({
    stateFolder,
    config: { ...config, products: [PRODUCT, { ...PRODUCT, ...change }] },
    ca: await makeCa(temporaryFolder()),
    client: untouched('client') as Client,
    connections: untouched('connections') as ServerConnections,
    namespace: 'none',
    monitor: new Monitor(),
    log,
  });
  await expect(started).rejects.toMatchObject({
    code: 'PROFILE_INVALID',
    message: expect.stringContaining(cure),
  });
  // No row was written, nor any file for one.
  expect(() => readFileSync(ledgerPath(stateFolder))).toThrow('ENOENT');
});

it('a signer publishes its list when it starts, and witnesses what it signed last when it stops', async () => {
  const stateFolder = temporaryFolder();
  const config = parseLineConfig(
    { products: [{ name: 'golioth-node', organization: 'Acme' }] },
    'test',
    stateFolder,
  );
  const ca = await ensureDemoCa(stateFolder);
  const server = await testServer();
  const connections = await ServerConnections.open(server);
  const { client } = connections;
  const { namespace } = server;
  const monitor = new Monitor();
  const signer = await openSigner({ stateFolder, config, ca, client, connections, namespace, monitor, log });
  await until('the list is published', () => {
    try {
      return readFileSync(crlPath(stateFolder), 'utf8').includes('X509 CRL');
    } catch {
      return false;
    }
  });
  await issueInto({ state: stateFolder }, ['CL-1'], ca);
  const { size } = await signer.ledger.auditLog.auditHead();
  const text = await monitor.metrics.text();
  expect(text).toContain(`certline_ledger_head_entries ${size}`);
  expect(text).toMatch(/^certline_ca_expiry_timestamp_seconds\{ca="issuing"\} \d{10}/m);
  expect(text).toMatch(/^certline_crl_next_update_timestamp_seconds \d{10}/m);
  expect(text).toMatch(/^certline_ledger_witness_age_seconds \d/m);
  expect(text).toMatch(/^certline_order_quota_left\{order="[A-Z0-9-]+"\} \d+$/m);
  expect(text).toContain('certline_ready{part="ledger"} 1');
  await signer.stop();
  expect(readFileSync(auditWitnessPath(stateFolder), 'utf8').split('\n')[1]).toBe(String(size));
  await connections.close();
});
