import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PkiError } from '../../pki/pki-error.ts';
import { postgresError } from '../../pki/ledger/postgres-errors.ts';
import { parseLineConfig } from '../../line/config.ts';
import type { LineConfig } from '../../line/config.ts';
import { openLedger } from '../../line/ledger.ts';
import { blocksOf, pageOf } from '../cli/follow-docs.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';

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

  it.each(['08006', '25006', '28P01', '3D000', '42501', '53100', '55P03', '58030', 'CERT_HAS_EXPIRED'])(
    'says what a ledger means that PostgreSQL refuses with %s',
    (code) => {
      const refusal = Object.assign(new Error('from outside'), { code });
      const { reason } = postgresError('here', refusal) as PkiError;
      expect(pageOf('deployment.md')).toMatch(new RegExp(`^\\| .*\`${reason}\``, 'm'));
    },
  );
});

describe.skipIf(!POSTGRES_INSTALLED)(
  'docs/deployment.md on the ledger, on a server (test/pki/lint/install-tools.sh installs it)',
  () => {
    const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
    let server: PostgresServer;
    beforeAll(async () => {
      server = await PostgresServer.start(root);
    });
    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('makes a database that its role can use, and no other', async () => {
      for (const statement of blocksOf('deployment.md', SECTION, 'sql')
        .split(';')
        .filter((text) => text.trim()))
        await server.sql('postgres', statement);
      await server.sql('postgres', `ALTER ROLE certline_signer PASSWORD 'one of its own'`);
      await server.sql('postgres', `CREATE ROLE stranger LOGIN PASSWORD 'one of its own'`);
      const passwordFile = join(root, 'ledger-password');
      writeFileSync(passwordFile, 'one of its own\n', { mode: 0o600 });
      const here = (user: string): { stateFolder: string; config: Pick<LineConfig, 'ledger'> } => {
        const url = documented().ledger!.url.replace(
          /\/\/certline_signer@db\.example(.*)\?.*$/,
          `//${user}@127.0.0.1:${server.port}$1`,
        );
        return { stateFolder: root, config: { ledger: { url, passwordFile } } };
      };
      const ledger = await openLedger(here('certline_signer'), 'sign');
      await ledger.stations.admitStation({ stationId: 'st-1', verifier: 'v', perMinute: 60 });
      expect(await ledger.stations.stations()).toMatchObject([{ stationId: 'st-1' }]);
      await ledger.close();
      await expect(openLedger(here('stranger'), 'sign')).rejects.toMatchObject({
        code: 'LEDGER_UNAVAILABLE',
        reason: 'rights',
      });
    });
  },
);
