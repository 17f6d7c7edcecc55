import type { FailureCode } from './failure-table.ts';

/**
 * A board that was refused before any key existed for it: it is in no attempt at a unit. Recorded once for each board and
 * cause. Times are ISO 8601, the station's clock.
 */
export interface RejectedBoard {
  readonly stationId: string;
  readonly socket: string;
  /** Absent where the board does not say which one it is. */
  readonly boardId?: string;
  readonly code: FailureCode;
  /** What happened, in a sentence, where more is known than the code says. */
  readonly message?: string;
  /** The unit that met it, where one did. */
  readonly serial?: string;
  readonly seenAt: string;
}
