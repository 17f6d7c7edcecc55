import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLineConfig } from '../../line/config.ts';
import type { LineConfig } from '../../line/config.ts';
import { openRegistry } from '../../line/registry.ts';
import { blocksOf } from '../cli/follow-docs.ts';
import { imported } from '../registry/record/opened.ts';
import { POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { DocumentedDatabase } from './documented-database.ts';

const SECTION = 'The registry on PostgreSQL';

/** The configuration of the page, in a file of its own in /etc/certline. */
function documented(): LineConfig {
  const value = JSON.parse(`{${blocksOf('deployment.md', SECTION, 'json')}}`) as object;
  const products = [{ name: 'node', organization: 'acme' }];
  return parseLineConfig({ products, ...value }, 'the page', '/etc/certline');
}

it('docs/deployment.md has a configuration of the registry that loads', () => {
  expect(documented().registry).toEqual({
    url: expect.stringMatching(/^postgresql:\/\/certline_orchestrator@db\.example\/certline_registry\?/),
    passwordFile: '/etc/certline/registry.password',
  });
});

describe.skipIf(!POSTGRES_INSTALLED)(
  'docs/deployment.md on the registry, on a server (test/pki/lint/install-tools.sh installs it)',
  () => {
    const database = new DocumentedDatabase();

    it('makes a database that its role can use, and no other', async () => {
      await database.follow(SECTION);
      const { server } = database;
      const passwordFile = join(database.folder, 'registry.password');
      writeFileSync(passwordFile, 'one of its own\n', { mode: 0o600 });
      await server.sql('postgres', `ALTER ROLE certline_orchestrator PASSWORD 'one of its own'`);
      await server.sql('postgres', `CREATE ROLE stranger LOGIN PASSWORD 'one of its own'`);
      const here = (user: string): { stateFolder: string; config: Pick<LineConfig, 'registry'> } => {
        const url = documented().registry!.url.replace(
          /\/\/certline_orchestrator@db\.example(.*)\?.*$/,
          `//${user}@127.0.0.1:${server.port}$1`,
        );
        return { stateFolder: database.folder, config: { registry: { url, passwordFile } } };
      };
      const registry = await openRegistry(here('certline_orchestrator'), 'make');
      expect((await imported(registry, '1', ['CL-1'])).status).toBe('imported');
      await registry.close();
      await expect(openRegistry(here('stranger'), 'make')).rejects.toMatchObject({ reason: 'rights' });
    });
  },
);
