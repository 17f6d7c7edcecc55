import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';
import type { EnrolledStation } from '../signing/stations.ts';
import type { Allowance } from '../signing/station-gate.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';

const MINUTE_MS = 60_000;

/**
 * What a certificate takes is counted in these: to a busy station it is worth less than a millisecond, which rounded
 * away.
 */
const MINUTE_US = MINUTE_MS * 1_000;

/**
 * A lease is a sixth of a minute's worth: a busy station costs six small writes a minute, a restart at most ten
 * seconds.
 */
const LEASES_A_MINUTE = 6;

/** What of a station's allowance this process may give out without asking again, and when it was taken. */
interface Lease {
  left: number;
  readonly from: number;
}

/**
 * How many certificates a station may still ask for: a bucket that holds a minute's worth and fills up steadily. It is
 * stored in the ledger's database, so that neither a restart nor a second signer gives anybody more; this process
 * leases parts.
 */
export class StationRates implements Allowance {
  readonly #database: SqlDatabase;
  readonly #leases = new Map<string, Lease>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Takes one certificate's worth, if there is one; `now` in milliseconds. Throws LEDGER_UNAVAILABLE. */
  take(station: Pick<EnrolledStation, 'stationId' | 'perMinute'>, now: number): Promise<boolean> {
    const { stationId } = station;
    const before = this.#turns.get(stationId) ?? Promise.resolve();
    const turn = before.then(() => this.#takeInTurn(station, now));
    this.#turns.set(
      stationId,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #takeInTurn(
    { stationId, perMinute }: Pick<EnrolledStation, 'stationId' | 'perMinute'>,
    now: number,
  ): Promise<boolean> {
    let lease = this.#leases.get(stationId);
    // What was not used in time has filled up again in the bucket: kept, it would count twice.
    if (
      lease === undefined ||
      lease.left === 0 ||
      Math.abs(now - lease.from) >= MINUTE_MS / LEASES_A_MINUTE
    ) {
      const wanted = Math.max(1, Math.floor(perMinute / LEASES_A_MINUTE));
      lease = { left: await this.#lease({ stationId, perMinute }, wanted, now), from: now };
      this.#leases.set(stationId, lease);
    }
    if (lease.left === 0) return false;
    lease.left -= 1;
    return true;
  }

  /** Takes up to `wanted` out of the bucket; what was granted is on disk before it is used. */
  #lease(
    { stationId, perMinute }: Pick<EnrolledStation, 'stationId' | 'perMinute'>,
    wanted: number,
    now: number,
  ): Promise<number> {
    return this.#database.write(async (transaction) => {
      const row = await transaction.get('SELECT empty_at FROM station WHERE station_id = ?', stationId);
      const said = row?.['empty_at'];
      const knownUs = typeof said === 'string' ? microsecondsOf(said) : -Infinity;
      const nowUs = now * 1_000;
      const wasTrue = knownUs <= nowUs + CLOCK_TOLERANCE_MS * 1_000;
      const emptyUs = Math.max(wasTrue ? knownUs : nowUs, nowUs - MINUTE_US);
      const filled = Math.floor((Math.max(0, nowUs - emptyUs) * perMinute) / MINUTE_US);
      const granted = Math.min(wanted, filled);
      if (granted === 0 && emptyUs === knownUs) return 0;
      const nextUs = emptyUs + Math.floor((granted * MINUTE_US) / perMinute);
      const sql = 'UPDATE station SET empty_at = ? WHERE station_id = ?';
      await transaction.run(sql, microsecondTime(nextUs), stationId);
      return granted;
    });
  }
}

/** Of an ISO 8601 time with three digits behind the point or six. */
function microsecondsOf(time: string): number {
  return Date.parse(time) * 1_000 + Number(/\.\d{3}(\d{3})Z$/.exec(time)?.[1] ?? 0);
}

function microsecondTime(us: number): string {
  const [ms, rest] = [Math.floor(us / 1_000), us % 1_000];
  return new Date(ms).toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
