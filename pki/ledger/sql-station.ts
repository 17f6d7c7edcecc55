import type { EnrolledStation, StationState } from '../signing/stations.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';

export async function selectStation(
  transaction: SqlTransaction,
  stationId: string,
): Promise<EnrolledStation | undefined> {
  const row = await transaction.get('SELECT * FROM station WHERE station_id = ?', stationId);
  return row === undefined ? undefined : stationOf(row);
}

export async function selectStations(transaction: SqlTransaction): Promise<EnrolledStation[]> {
  const rows = await transaction.all('SELECT * FROM station ORDER BY station_id');
  return rows.map((row) => stationOf(row));
}

/** Inserts the station, or replaces its key and rate and lets it work again. */
export async function upsertStation(
  transaction: SqlTransaction,
  { stationId, verifier, perMinute, enrolledAt }: Omit<EnrolledStation, 'state' | 'reason'>,
): Promise<void> {
  await transaction.run('DELETE FROM station WHERE station_id = ?', stationId);
  await transaction.run(
    `INSERT INTO station (station_id, verifier, per_minute, enrolled_at, state) VALUES (?, ?, ?, ?, 'enrolled')`,
    stationId,
    verifier,
    perMinute,
    enrolledAt,
  );
}

export async function updateStationState(
  transaction: SqlTransaction,
  stationId: string,
  { state, reason }: { readonly state: StationState; readonly reason: string },
): Promise<void> {
  const sql = 'UPDATE station SET state = ?, reason = ? WHERE station_id = ?';
  await transaction.run(sql, state, reason, stationId);
}

/** When the station's allowance was, or would have been, used up: ISO 8601. Undefined when it never asked. */
export async function selectEmptyAt(
  transaction: SqlTransaction,
  stationId: string,
): Promise<string | undefined> {
  const row = await transaction.get('SELECT empty_at FROM station WHERE station_id = ?', stationId);
  const emptyAt = row?.['empty_at'];
  return typeof emptyAt === 'string' ? emptyAt : undefined;
}

export async function updateEmptyAt(
  transaction: SqlTransaction,
  stationId: string,
  emptyAt: string,
): Promise<void> {
  await transaction.run('UPDATE station SET empty_at = ? WHERE station_id = ?', emptyAt, stationId);
}

function stationOf(row: SqlRow): EnrolledStation {
  const { reason } = row;
  return {
    stationId: String(row['station_id']),
    verifier: String(row['verifier']),
    perMinute: Number(row['per_minute']),
    enrolledAt: String(row['enrolled_at']),
    state: row['state'] as StationState,
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}
