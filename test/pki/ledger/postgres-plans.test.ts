import { expect, it, onTestFinished } from 'vitest';
import { LEDGER } from '../../../pki/ledger/ledger-database.ts';
import { PostgresDatabase } from '../../../sql/postgres-database.ts';
import { ownPostgres } from '../../support/own-postgres.ts';
import { explainAll, readPlans } from '../../support/postgres-plans.ts';
import { POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeCa } from '../leaf.ts';
import { lineOver, release, requestFor } from '../signing/signing-line.ts';
import { liveThrough } from './live-through.ts';

const serials = (first: number, count: number): string[] =>
  Array.from({ length: count }, (_none, at) => `ACME-${first + at}`);
/** PostgreSQL plans a prepared statement anew five times, and then once for all values. */
const TIMES = 8;

it.skipIf(!POSTGRES_INSTALLED)(
  'no statement of the ledger on PostgreSQL about one unit reads the units of a batch or a whole table (test/pki/lint/install-tools.sh installs it)',
  async () => {
    const { server, folder } = await ownPostgres();
    const url = server.createDatabase('ledger');
    const ca = await makeCa(temporaryFolder());
    const before = await PostgresDatabase.open(LEDGER, { url });
    const line = lineOver(before, ca);
    await release(line, serials(1, 100));
    const issued = serials(11, 90);
    await Promise.all(issued.map((serial) => line.issuer.issue(requestFor(serial))));
    await line.ledger.issuances.activate(issued.slice(10).map((serial) => `b1/${serial}/1`));
    await before.close();
    await explainAll(server, 'ledger');
    const database = await PostgresDatabase.open(LEDGER, { url });
    onTestFinished(() => database.close());
    await liveThrough(lineOver(database, ca), serials(1, TIMES));
    const { plans, wide } = readPlans(folder);
    expect(plans).toBeGreaterThan(TIMES * 20);
    expect(wide).toEqual([]);
  },
);
