import { LedgerAuditLog } from './audit-log.ts';
import { LedgerFurtherAttempts } from './further-attempts.ts';
import { LedgerIssuances } from './issuances.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { LedgerOrders } from './orders.ts';
import { LedgerReworks } from './reworks.ts';
import { LedgerVerification } from './verification/ledger-verification.ts';
import { LedgerStations } from './stations.ts';
import { LedgerWithdrawals } from './withdrawals.ts';

/** The durable memory of a signer, by what it is about. */
export class Ledger {
  readonly #database: SqlDatabase;
  readonly auditLog: LedgerAuditLog;
  readonly orders: LedgerOrders;
  readonly issuances: LedgerIssuances;
  readonly furtherAttempts: LedgerFurtherAttempts;
  readonly reworks: LedgerReworks;
  readonly stations: LedgerStations;
  readonly withdrawals: LedgerWithdrawals;
  readonly verification: LedgerVerification;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.auditLog = new LedgerAuditLog(database);
    this.orders = new LedgerOrders(database, this.auditLog);
    this.issuances = new LedgerIssuances(database, this.auditLog);
    this.furtherAttempts = new LedgerFurtherAttempts(database, this.auditLog);
    this.reworks = new LedgerReworks(database, this.auditLog);
    this.stations = new LedgerStations(database, this.auditLog);
    this.withdrawals = new LedgerWithdrawals(database, this.auditLog);
    this.verification = new LedgerVerification(database);
  }

  /** Throws LEDGER_… where a signer could not write to it. */
  assertWritable(): Promise<void> {
    return this.#database.assertWritable();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
