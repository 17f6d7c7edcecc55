import { expect, it, onTestFinished } from 'vitest';
import { openPostgresRegistry } from '../../../registry/record/open-registry.ts';
import { ownPostgres } from '../../support/own-postgres.ts';
import { explainAll, readPlans } from '../../support/postgres-plans.ts';
import { POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { liveThrough } from './live-through.ts';
import { imported, registration, serialsFrom } from './opened.ts';

const UNITS = 700;
/** PostgreSQL plans a prepared statement anew five times, and then once for all values. */
const TIMES = 8;

it.skipIf(!POSTGRES_INSTALLED)(
  'no statement on PostgreSQL about one unit reads the units of a batch or a whole table (test/pki/lint/install-tools.sh installs it)',
  async () => {
    const { server, folder } = await ownPostgres();
    const url = server.createDatabase('registry');
    const before = await openPostgresRegistry({ url });
    await imported(before, '1', serialsFrom(1, UNITS));
    await Promise.all(
      serialsFrom(200, UNITS - 199).map((serial) =>
        before.registerUnit({ ...registration(serial), registries: ['cloud', 'other'] }),
      ),
    );
    await before.close();
    await explainAll(server, 'registry');
    const registry = await openPostgresRegistry({ url });
    onTestFinished(() => registry.close());
    await liveThrough(registry, serialsFrom(1, TIMES));
    const { plans, wide } = readPlans(folder);
    expect(plans).toBeGreaterThan(TIMES * 20);
    expect(wide).toEqual([]);
  },
);
