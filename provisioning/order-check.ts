/** A manifest of which the signer is asked, before it becomes a batch, whether its order allows it. */
export interface OrderQuestion {
  readonly batchId: string;
  readonly order: string;
  /** Lower-case hex. */
  readonly manifestSha256: string;
  readonly quantity: number;
  /** The products of its units, each once. */
  readonly products: readonly string[];
  /** Open batches of the same order: what of them is not released yet is taken too. */
  readonly open: readonly { readonly batchId: string; readonly quantity: number }[];
  /** A page of its units, where the order lists its serials; empty in the first question. */
  readonly units: readonly { readonly serial: string; readonly product: string }[];
}

/** What the signer says: `listed` where the units have to be asked page by page. */
export type OrderReply =
  | { readonly status: 'allowed'; readonly listed: boolean }
  | {
      readonly status: 'refused';
      /** A code of the failure table. */
      readonly code: string;
      readonly reason?: string;
      readonly message: string;
    };

/** Workflow type of the question. */
export const ORDER_QUESTION = 'askOrder';

/** Within this time a signer that runs has answered; milliseconds. */
export const ORDER_PATIENCE_MS = 20_000;
