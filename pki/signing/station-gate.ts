import type { EnrolledStation, Stations } from './stations.ts';
import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';
import { PkiError } from '../pki-error.ts';
import { parseVerifier } from '../keys/signed-note.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { isStatementSigned } from './signed-request.ts';
import type { RequestStatement } from './signed-request.ts';

/** When a request came, by clocks that are not the station's. */
export interface Arrival {
  /** When it was delivered, by the clock of Temporal: a request may have waited long for the signer. */
  readonly askedAt: Date;
  /** When this try of it was delivered, by the same clock; undefined where no Temporal delivers. */
  readonly deliveredAt?: Date;
  readonly now: Date;
}

/** How many certificates each station may still ask for. */
export interface Allowance {
  /** Takes one certificate's worth, if there is one; `now` in milliseconds. Throws LEDGER_UNAVAILABLE. */
  take(station: Pick<EnrolledStation, 'stationId' | 'perMinute'>, now: number): Promise<boolean>;
}

/** Lets a request through to the issuer only if an enrolled station made it. */
export class StationGate {
  readonly #enrolled: Stations;
  readonly #rates: Allowance;
  /** By their text: making a key of it takes as long as verifying a signature. */
  readonly #verifiers = new Map<string, NoteVerifier | undefined>();

  constructor(enrolled: Stations, rates: Allowance) {
    this.#enrolled = enrolled;
    this.#rates = rates;
  }

  /**
   * Throws STATION_UNKNOWN, STATION_REVOKED, STATION_STOPPED, REQUEST_UNSIGNED, REQUEST_INVALID for a signature that is
   * not the station's over this very statement, and STATION_CLOCK when its clock is more than five minutes off.
   */
  async check(
    statement: RequestStatement,
    signature: string | undefined,
    arrival: Arrival,
  ): Promise<EnrolledStation> {
    const { stationId } = statement;
    if (typeof signature !== 'string')
      throw refusal('REQUEST_UNSIGNED', stationId, 'sent a request that is not signed');
    const station = await this.#enrolled.station(stationId);
    assertMayAsk(stationId, station);
    const verifier = this.#verifiers.get(station.verifier) ?? parseVerifier(station.verifier);
    this.#verifiers.set(station.verifier, verifier);
    if (verifier === undefined || !isStatementSigned(statement, signature, verifier.publicKey))
      throw refusal('REQUEST_INVALID', stationId, 'did not sign this request with its enrolled key');
    checkClock(statement, arrival);
    return station;
  }

  /** Counts a certificate that the station gets. Throws STATION_RATE, after which a later try may pass. */
  async count({ stationId, perMinute }: EnrolledStation, { now }: Pick<Arrival, 'now'>): Promise<void> {
    if (await this.#rates.take({ stationId, perMinute }, now.getTime())) return;
    throw refusal('STATION_RATE', stationId, `requests more than ${perMinute} certificates in a minute`);
  }
}

function assertMayAsk(
  stationId: string,
  station: EnrolledStation | undefined,
): asserts station is EnrolledStation {
  if (station === undefined) throw refusal('STATION_UNKNOWN', stationId, 'is not enrolled at this signer');
  if (station.state === 'revoked') throw refusal('STATION_REVOKED', stationId, 'was revoked');
  if (station.state === 'stopped')
    throw refusal('STATION_STOPPED', stationId, `was stopped (${station.reason})`);
}

function checkClock({ stationId, at }: RequestStatement, { askedAt, now }: Arrival): void {
  const said = Date.parse(at);
  const isNear = Math.abs(said - askedAt.getTime()) <= CLOCK_TOLERANCE_MS;
  if (isNear && said - now.getTime() <= CLOCK_TOLERANCE_MS) return;
  const [then, here] = [askedAt.toISOString(), now.toISOString()];
  const what = `signed at ${at.slice(0, 30)} by its own clock a request that was made at ${then} by the clock of Temporal and arrived at ${here} by the clock of the signer`;
  throw refusal('STATION_CLOCK', stationId, what);
}

type GateCode =
  | 'STATION_UNKNOWN'
  | 'STATION_REVOKED'
  | 'STATION_STOPPED'
  | 'STATION_RATE'
  | 'REQUEST_UNSIGNED'
  | 'REQUEST_INVALID'
  | 'STATION_CLOCK';

const CURES: Record<GateCode, string> = {
  STATION_UNKNOWN: 'enroll it',
  STATION_REVOKED: 'use another station, or enroll this one again',
  STATION_STOPPED: 'find out why, then "certline station release"',
  STATION_RATE: 'wait, or enroll it with a higher rate',
  REQUEST_UNSIGNED: 'update it, or find out who sends requests in its name',
  REQUEST_INVALID: 'enroll it again, or find out who sends requests in its name',
  STATION_CLOCK: 'set the clock that is wrong, then retry',
};

function refusal(code: GateCode, stationId: string, what: string): PkiError {
  return new PkiError(code, `The station ${stationId.slice(0, 40)} ${what}: ${CURES[code]}.`);
}
