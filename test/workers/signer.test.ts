import type { NativeConnection } from '@temporalio/worker';
import { expect, it } from 'vitest';
import type { SqlLedger } from '../../pki/ledger/sql-ledger.ts';
import type { StationRates } from '../../pki/ledger/station-rates.ts';
import { startSigner } from '../../workers/signer.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import { makeCa } from '../pki/leaf.ts';
import { temporaryFolder } from '../pki/openssl.ts';

const ca = await makeCa(temporaryFolder());

/** Whatever is asked of it, the signer asked too early: no work is taken, and no row written, by a wrong profile. */
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
    'The certificate profile of product node is wrong: organization is missing.',
  ],
  ['under the CA', { extendedKeyUsage: ['clientAuth', 'serverAuth'] as const }, 'take serverAuth out'],
])('a signer does not start with a product that is wrong %s', async (_how, change, cure) => {
  const started = startSigner({
    ca,
    ledger: untouched('ledger') as SqlLedger,
    rates: untouched('rates') as StationRates,
    orders: { folder: '/none', releaseKeys: '/none' },
    products: [PRODUCT, { ...PRODUCT, ...change }],
    connection: untouched('connection') as NativeConnection,
    namespace: 'none',
  });
  await expect(started).rejects.toMatchObject({
    code: 'PROFILE_INVALID',
    message: expect.stringContaining(cure),
  });
});
