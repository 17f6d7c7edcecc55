import { readFileSync } from 'node:fs';
import { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ensureDemoCa } from '../../line/ca.ts';
import { parseLineConfig } from '../../line/config.ts';
import { auditWitnessPath, crlPath, ledgerPath } from '../../line/state-folder.ts';
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
    connection: untouched('connection') as NativeConnection,
    namespace: 'none',
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
  const connection = await NativeConnection.connect(server.connectionOptions);
  const signer = await openSigner({ stateFolder, config, ca, connection, namespace: server.namespace, log });
  await until('the list is published', () => {
    try {
      return readFileSync(crlPath(stateFolder), 'utf8').includes('X509 CRL');
    } catch {
      return false;
    }
  });
  await issueInto({ state: stateFolder }, ['CL-1'], ca);
  const { size } = await signer.ledger.auditLog.auditHead();
  await signer.stop();
  expect(readFileSync(auditWitnessPath(stateFolder), 'utf8').split('\n')[1]).toBe(String(size));
  await connection.close();
});
