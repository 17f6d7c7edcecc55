import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { AuditEvent } from '../audit/audit-chain.ts';
import { PkiError } from '../pki-error.ts';
import type { EnrolledStation, StationState, Stations } from '../signing/stations.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { StationRates } from './station-rates.ts';

/** What the audit log says when a person, or the signer, changes the state of a station. */
const EVENTS: Readonly<Record<StationState, AuditEvent['event']>> = {
  enrolled: 'station-enrolled',
  stopped: 'station-stopped',
  revoked: 'station-revoked',
};

/** The stations that a signer accepts requests from. */
export class LedgerStations implements Stations {
  readonly #database: SqlDatabase;
  readonly #audit: LedgerAuditLog;
  /** How many certificates each may still ask for. */
  readonly rates: StationRates;

  constructor(database: SqlDatabase, audit: LedgerAuditLog) {
    this.#database = database;
    this.#audit = audit;
    this.rates = new StationRates(database);
  }

  station(stationId: string): Promise<EnrolledStation | undefined> {
    return this.#database.read((transaction) => stationOf(transaction, stationId));
  }

  replacedKeys(requestId: string): Promise<string[]> {
    return this.#database.read(async (transaction) => {
      const sql = `SELECT k.verifier FROM issuance i JOIN station_key k USING (station_id)
        WHERE i.request_id = ? AND i.seq <= k.issuance_seq AND k.state = 'enrolled' ORDER BY k.entry`;
      return (await transaction.all(sql, requestId)).map((row) => text(row, 'verifier'));
    });
  }

  /** All of them, by id. */
  stations(): Promise<EnrolledStation[]> {
    return this.#database.read(async (transaction) => {
      const rows = await transaction.all('SELECT * FROM station ORDER BY station_id');
      return rows.map(stationIn);
    });
  }

  /** Enrolls a station. One that is known receives this key and rate, and may work again: a person decided so. */
  admitStation(station: Pick<EnrolledStation, 'stationId' | 'verifier' | 'perMinute'>): Promise<void> {
    const { stationId, verifier, perMinute } = station;
    return this.#database.write(async (transaction) => {
      const earlier = await stationOf(transaction, stationId);
      const isReplaced = earlier !== undefined && earlier.verifier !== verifier;
      const replaced = isReplaced ? await this.#keepKey(transaction, earlier) : {};
      await transaction.run('DELETE FROM station WHERE station_id = ?', stationId);
      const sql = `INSERT INTO station (station_id, verifier, per_minute, enrolled_at, state)
        VALUES (?, ?, ?, ?, 'enrolled')`;
      await transaction.run(sql, stationId, verifier, perMinute, new Date().toISOString());
      await this.#audit.append(transaction, 'station-admitted', { ...station, ...replaced });
    });
  }

  /** Remembers the key that the next entry replaces. Returns what that entry says of it. */
  async #keepKey(
    transaction: SqlTransaction,
    { stationId, verifier, state }: EnrolledStation,
  ): Promise<{ readonly issuanceSeq: number }> {
    const newest = await transaction.get('SELECT coalesce(max(seq), 0) AS seq FROM issuance');
    const issuanceSeq = integer(newest!, 'seq');
    const entry = await this.#audit.nextEntry(transaction);
    const sql =
      'INSERT INTO station_key (entry, station_id, verifier, issuance_seq, state) VALUES (?, ?, ?, ?, ?)';
    await transaction.run(sql, entry, stationId, verifier, issuanceSeq, state);
    return { issuanceSeq };
  }

  setStationState(stationId: string, state: StationState, reason: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      const station = await stationOf(transaction, stationId);
      if (station === undefined)
        throw new PkiError(
          'STATION_UNKNOWN',
          `The signer does not know the station ${stationId}: check its id.`,
        );
      if (station.state === state || (station.state === 'revoked' && state === 'stopped')) return;
      if (station.state === 'revoked')
        throw new PkiError('STATION_REVOKED', `The station ${stationId} is revoked: enroll it again.`);
      const sql = 'UPDATE station SET state = ?, reason = ? WHERE station_id = ?';
      await transaction.run(sql, state, reason, stationId);
      await this.#audit.append(transaction, EVENTS[state], { stationId, reason });
    });
  }
}

async function stationOf(
  transaction: SqlTransaction,
  stationId: string,
): Promise<EnrolledStation | undefined> {
  const row = await transaction.get('SELECT * FROM station WHERE station_id = ?', stationId);
  return row && stationIn(row);
}

function stationIn(row: SqlRow): EnrolledStation {
  return {
    stationId: text(row, 'station_id'),
    verifier: text(row, 'verifier'),
    perMinute: integer(row, 'per_minute'),
    enrolledAt: text(row, 'enrolled_at'),
    state: text(row, 'state') as StationState,
    ...present(row, { reason: 'reason' }),
  };
}
