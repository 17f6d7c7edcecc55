/**
 * A manifest that may be issued under an order: `quantity` serials of it. Digest in lower-case hex, time in ISO 8601.
 */
export interface BatchRelease {
  readonly batchId: string;
  readonly order: string;
  readonly quantity: number;
  readonly manifestSha256: string;
  readonly releasedAt: string;
}

/** A serial that may be issued. With `boardId` only to the board of this hardware id. */
export interface UnitRelease {
  readonly serial: string;
  readonly product: string;
  readonly boardId?: string;
}

export interface ReleasedUnit extends UnitRelease {
  readonly batchId: string;
  /** Neither this attempt nor an earlier one is signed any more; 0 when none was withdrawn. */
  readonly withdrawnAttempt: number;
}

/** Where the batches and serials are recorded that may be issued. Each method is one transaction. */
export interface Releases {
  /** The number of the order that a batch was released under; undefined for a batch that was never released. */
  orderOfBatch(batchId: string): Promise<string | undefined>;
  /**
   * Idempotent. Throws ORDER_UNKNOWN, ORDER_CLOSED, ORDER_NOT_OPEN, ORDER_EXPIRED, ORDER_MISMATCH for another manifest,
   * QUOTA_EXCEEDED when the order's batches would together have more serials than its quantity, RELEASE_CONFLICT when
   * the batch is known with other figures.
   */
  releaseBatch(release: BatchRelease): Promise<void>;
  /**
   * All or none; idempotent. Throws RELEASE_CONFLICT when a serial is released to another batch, product or board, or
   * the batch is unknown; ORDER_MISMATCH for a product that the order does not name; QUOTA_EXCEEDED beyond the batch's
   * quota.
   */
  releaseSerials(release: {
    readonly batchId: string;
    readonly units: readonly UnitRelease[];
  }): Promise<void>;
}
