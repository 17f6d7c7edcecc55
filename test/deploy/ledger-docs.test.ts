import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PkiError } from '../../pki/pki-error.ts';
import { LEDGER } from '../../pki/ledger/ledger-database.ts';
import { postgresTrouble } from '../../sql/postgres-trouble.ts';
import { parseLineConfig } from '../../line/config.ts';
import type { LineConfig } from '../../line/config.ts';
import { openLedger } from '../../line/ledger.ts';
import { blocksOf, pageOf } from '../cli/follow-docs.ts';
import { POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { DocumentedDatabase } from './documented-database.ts';

const SECTION = 'The ledger on PostgreSQL';
const PRODUCTS = [{ name: 'node', organization: 'acme' }];

/** The configuration of the page, in a file of its own in /etc/certline. */
function documented(): LineConfig {
  const value = JSON.parse(`{${blocksOf('deployment.md', SECTION, 'json')}}`) as object;
  return parseLineConfig({ products: PRODUCTS, ...value }, 'the page', '/etc/certline');
}

describe('docs/deployment.md on the ledger', () => {
  it('has a configuration that loads', () => {
    expect(documented().ledger).toEqual({
      url: expect.stringMatching(/^postgresql:\/\/certline_signer@db\.example\/certline_ledger\?/),
      passwordFile: '/etc/certline/ledger.password',
    });
  });

  it.each([
    '08006',
    '25006',
    '28P01',
    '3D000',
    '42501',
    '53100',
    '53300',
    '55P03',
    '58030',
    'CERT_HAS_EXPIRED',
  ])('says what a ledger means that PostgreSQL refuses with %s', (code) => {
    const refusal = Object.assign(new Error('from outside'), { code });
    const { reason } = LEDGER.translate('here', refusal, postgresTrouble(refusal)) as PkiError;
    expect(pageOf('deployment.md')).toMatch(new RegExp(`^\\| .*\`${reason}\``, 'm'));
  });
});

describe.skipIf(!POSTGRES_INSTALLED)(
  'docs/deployment.md on the ledger, on a server (test/pki/lint/install-tools.sh installs it)',
  () => {
    const database = new DocumentedDatabase();

    it('makes a database that its role can use, and no other', async () => {
      await database.follow(SECTION);
      const { server } = database;
      await server.sql('postgres', `ALTER ROLE certline_signer PASSWORD 'one of its own'`);
      await server.sql('postgres', `CREATE ROLE stranger LOGIN PASSWORD 'one of its own'`);
      const passwordFile = join(database.folder, 'ledger-password');
      writeFileSync(passwordFile, 'one of its own\n', { mode: 0o600 });
      const here = (user: string): { stateFolder: string; config: Pick<LineConfig, 'ledger'> } => {
        const url = documented().ledger!.url.replace(
          /\/\/certline_signer@db\.example(.*)\?.*$/,
          `//${user}@127.0.0.1:${server.port}$1`,
        );
        return { stateFolder: database.folder, config: { ledger: { url, passwordFile } } };
      };
      const ledger = await openLedger(here('certline_signer'), 'make');
      await ledger.stations.admitStation({ stationId: 'st-1', verifier: 'v', perMinute: 60 });
      expect(await ledger.stations.stations()).toMatchObject([{ stationId: 'st-1' }]);
      await ledger.close();
      await expect(openLedger(here('stranger'), 'make')).rejects.toMatchObject({
        code: 'LEDGER_UNAVAILABLE',
        reason: 'rights',
      });
    });
  },
);
