import type { SqlDatabase } from '../../../sql/sql-database.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { AuditedRecords } from './audited-records.ts';
import type { AuditedMembers } from './audited-records.ts';
import { checkOrders, checkBatches } from './check-orders.ts';
import { checkHolds, IssuanceCheck } from './check-issuances.ts';
import { checkReleases } from './check-releases.ts';
import { checkSchema } from './check-schema.ts';
import { checkReworks } from './check-reworks.ts';
import { checkClockAcceptances, checkLists, checkReplacedKeys, checkStations } from './check-signer.ts';
import { checkReturned, checkUnits } from './check-units.ts';
import { auditPages } from './pages.ts';

/** More would be said at once than anybody reads. */
const MAX_FINDINGS = 20;

/** What is compared when all of the log was read. */
const CHECKS: readonly ((transaction: SqlTransaction, records: AuditedRecords) => Promise<string[]>)[] = [
  checkOrders,
  checkBatches,
  checkReleases,
  checkUnits,
  checkReturned,
  checkReworks,
  checkHolds,
  checkLists,
  checkStations,
  checkReplacedKeys,
  checkClockAcceptances,
];

/**
 * Compares the tables of a ledger with those that Certline makes, and all that counts in them with its audit log: the log is read once
 * from its beginning, and orders, batches, units, certificates, reworks and stations must be what it says. Takes 10 µs for an entry, and 25 for a certificate.
 */
export class LedgerVerification {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** A sentence for each difference, without its full stop, at most 20; none for a ledger that was changed by Certline alone. */
  findings(): Promise<string[]> {
    return this.#database.snapshot(async (transaction) => {
      const found = await checkSchema(transaction);
      const records = new AuditedRecords();
      const issuances = new IssuanceCheck(transaction, records);
      for await (const page of auditPages(transaction)) {
        const entries: AuditedMembers[] = [];
        for (const entry of page) {
          const members = records.add(entry);
          if (members === undefined)
            return [`entry ${entry.seq} of the audit log does not follow from the one before`];
          entries.push(members);
        }
        found.push(...(await issuances.compare(entries)));
        if (found.length >= MAX_FINDINGS) return found.slice(0, MAX_FINDINGS);
      }
      found.push(...(await issuances.compareStates()));
      for (const check of CHECKS)
        if (found.length < MAX_FINDINGS) found.push(...(await check(transaction, records)));
      return found.slice(0, MAX_FINDINGS);
    });
  }
}
