import type { IssuanceState } from '../pki/signing/issuances.ts';
import type { RegisteredCertificate } from '../registry/registry.ts';
import { integer, present, text } from '../sql/row.ts';
import type { SqlRow } from '../sql/row.ts';
import { SqliteConnection } from '../sql/sqlite-connection.ts';
import { isUnfinished } from './reconciliation.ts';
import type { AuditedRequest, AuditedStep, IssuedRow, ListedUnit } from './reconciliation.ts';

/** A certificate of a unit in the registry. */
interface Certificate {
  readonly batchId: string;
  readonly serial: string;
  readonly certificateSha256: string;
  readonly state: RegisteredCertificate['state'];
}

const SCHEMA = `
  CREATE TABLE audited (
    request_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    signings INTEGER NOT NULL,
    tbs_sha256 TEXT NOT NULL,
    certificate_sha256 TEXT,
    has_row INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE unit (
    batch_id TEXT NOT NULL,
    serial TEXT NOT NULL,
    is_closed INTEGER NOT NULL,
    PRIMARY KEY (batch_id, serial)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE certificate (
    id INTEGER PRIMARY KEY,
    batch_id TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    serial TEXT NOT NULL,
    state TEXT NOT NULL,
    row_serial TEXT,
    row_state TEXT,
    is_held INTEGER,
    UNIQUE (batch_id, certificate_sha256)
  ) STRICT;
  CREATE INDEX active_certificate ON certificate (batch_id, serial) WHERE state = 'active';
`;

/** Certificates read at once. */
const PAGE = 1_000;

/**
 * What two records are compared by, in a temporary database: as much of it as fits 2 MB in memory, the rest on disk.
 */
export class RecordTables {
  readonly #db = SqliteConnection.temporary(SCHEMA);

  transaction<T>(work: () => T): T {
    return this.#db.temporaryTransaction(work);
  }

  /** A later entry about a request has its result. */
  addStep({ requestId, state, signings, tbsSha256, certificateSha256 }: AuditedStep): void {
    this.#db.run(
      `INSERT INTO audited (request_id, state, signings, tbs_sha256, certificate_sha256)
         VALUES (?1, ?2, ?3, coalesce(?4, ''), ?5)
       ON CONFLICT (request_id) DO UPDATE SET state = excluded.state, signings = signings + excluded.signings,
         tbs_sha256 = coalesce(?4, tbs_sha256), certificate_sha256 = coalesce(?5, certificate_sha256)`,
      requestId,
      state,
      signings,
      tbsSha256,
      certificateSha256,
    );
  }

  addUnit({ batchId, serial, isClosed }: { batchId: string; serial: string; isClosed: boolean }): void {
    this.#db.run('INSERT INTO unit VALUES (?, ?, ?)', batchId, serial, isClosed ? 1 : 0);
  }

  addCertificate({ batchId, certificateSha256, serial, state }: Certificate): void {
    const sql = 'INSERT INTO certificate (batch_id, certificate_sha256, serial, state) VALUES (?, ?, ?, ?)';
    this.#db.run(sql, batchId, certificateSha256, serial, state);
  }

  /** Notes that a request has a row, and a certificate its row. */
  addRow({ requestId, batchId, serial, state, certificateSha256, isHeld }: IssuedRow): void {
    this.#db.run('UPDATE audited SET has_row = 1 WHERE request_id = ?', requestId);
    if (certificateSha256 === undefined) return;
    const sql = `UPDATE certificate SET row_serial = ?, row_state = ?, is_held = ?
      WHERE batch_id = ? AND certificate_sha256 = ?`;
    this.#db.run(sql, serial, state, isHeld ? 1 : 0, batchId, certificateSha256);
  }

  audited(requestId: string): AuditedRequest | undefined {
    const row = this.#db.get('SELECT * FROM audited WHERE request_id = ?', requestId);
    if (row === undefined) return undefined;
    return {
      state: text(row, 'state') as IssuanceState,
      signings: integer(row, 'signings'),
      tbsSha256: text(row, 'tbs_sha256'),
      ...present(row, { certificateSha256: 'certificate_sha256' }),
    };
  }

  /** What the registry says of the unit of a ledger row. */
  unitOf(row: IssuedRow): ListedUnit | undefined {
    const { batchId, serial, certificateSha256 } = row;
    const unit = this.#db.get(
      'SELECT is_closed FROM unit WHERE batch_id = ? AND serial = ?',
      batchId,
      serial,
    );
    if (unit === undefined) return undefined;
    const active = `SELECT id FROM certificate WHERE batch_id = ? AND state = 'active'`;
    const ofRow = this.#db.get(`${active} AND certificate_sha256 = ?`, batchId, certificateSha256);
    const ofUnit =
      ofRow ?? (isUnfinished(row) ? this.#db.get(`${active} AND serial = ?`, batchId, serial) : undefined);
    return {
      isClosed: integer(unit, 'is_closed') === 1,
      isActive: ofRow !== undefined,
      hasPassed: ofUnit !== undefined,
    };
  }

  /** Every certificate of the registry, with the ledger's row of it. */
  *registered(): Generator<{
    readonly certificate: Omit<Certificate, 'batchId'>;
    readonly row: Pick<IssuedRow, 'serial' | 'state' | 'isHeld'> | undefined;
  }> {
    for (let id = 0; ;) {
      const page = this.#db.all('SELECT * FROM certificate WHERE id > ? ORDER BY id LIMIT ?', id, PAGE);
      for (const row of page) {
        const certificate = {
          serial: text(row, 'serial'),
          certificateSha256: text(row, 'certificate_sha256'),
          state: text(row, 'state') as Certificate['state'],
        };
        yield { certificate, row: row['row_serial'] === null ? undefined : ledgerRowIn(row) };
      }
      const last = page.at(-1);
      if (last === undefined) return;
      id = integer(last, 'id');
    }
  }

  /** Requests of the audit log that have no row, in the order of the log. */
  requestsWithoutRow(): string[] {
    const rows = this.#db.all('SELECT request_id FROM audited WHERE has_row = 0 ORDER BY rowid');
    return rows.map((row) => text(row, 'request_id'));
  }

  /** How many signatures the audit log says may exist. */
  signings(): number {
    return integer(this.#db.get('SELECT coalesce(sum(signings), 0) AS n FROM audited')!, 'n');
  }

  close(): void {
    this.#db.close();
  }
}

function ledgerRowIn(row: SqlRow): Pick<IssuedRow, 'serial' | 'state' | 'isHeld'> {
  return {
    serial: text(row, 'row_serial'),
    state: text(row, 'row_state') as IssuanceState,
    isHeld: row['is_held'] === 1,
  };
}
