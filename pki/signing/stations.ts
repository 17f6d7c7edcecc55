/**
 * enrolled: its requests are accepted. stopped: they are refused until a person releases it. revoked: they are refused
 * permanently.
 */
export type StationState = 'enrolled' | 'stopped' | 'revoked';

/** A station as the signer knows it. */
export interface EnrolledStation {
  readonly stationId: string;
  /** Its public key: the text form of a verifier. */
  readonly verifier: string;
  /** Certificates that it may ask for. */
  readonly perMinute: number;
  readonly enrolledAt: string;
  readonly state: StationState;
  /** Why it is stopped or revoked. */
  readonly reason?: string;
}

/** What signing needs of the record of stations. Each method is one transaction. */
export interface Stations {
  station(stationId: string): Promise<EnrolledStation | undefined>;
  /**
   * The keys that the station of this request has had since its certificate was reserved, and that were replaced, the oldest
   * first: text forms of verifiers. None that was replaced while its station was stopped or revoked: others may have it.
   */
  replacedKeys(requestId: string): Promise<string[]>;
  /**
   * Stops, revokes or releases a station. A revoked one stays so. Throws STATION_UNKNOWN, and STATION_REVOKED for a
   * release of a revoked one.
   */
  setStationState(stationId: string, state: StationState, reason: string): Promise<void>;
}
