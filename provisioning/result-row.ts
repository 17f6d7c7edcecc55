import type { Outcome } from './outcome.ts';

/**
 * One unit in the result of its batch. Board, station, socket and `finishedAt` are those of its last attempt,
 * `startedAt` that of the first. What is not known is absent. Times are ISO 8601 in UTC, hashes and ids of boards
 * lower-case hex.
 */
export interface ResultRow {
  readonly serial: string;
  readonly product: string;
  /** What the manifest says of it, by the names of its columns without "attr.". */
  readonly attrs: Readonly<Record<string, string>>;
  readonly outcome?: Outcome;
  readonly code?: string;
  readonly certificateSerial?: string;
  readonly certificateSha256?: string;
  readonly boardId?: string;
  readonly stationId?: string;
  readonly socket?: string;
  readonly attempts: number;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Seconds of work on it, over all attempts; waiting for a person is no work. */
  readonly seconds?: number;
  /** What a person decided about it last, or about its batch, if that ended it. */
  readonly decision?: string;
  readonly reason?: string;
  readonly decidedBy?: string;
}
