/** A batch as its manifest makes it: what the registry stores first, and the batch workflow starts with. */
export interface NewBatch {
  readonly batchId: string;
  readonly order: string;
  /** File name. */
  readonly manifest: string;
  /** SHA-256 of the manifest, lower-case hex: an order may name it. */
  readonly manifestSha256: string;
  /** Units of the batch, one for each row of the manifest. */
  readonly quantity: number;
  /** From 1, which goes first, to 5; absent where the manifest asks for none. */
  readonly priority?: number;
}
