/**
 * An open byte stream to one board. The bytes given to a listener are valid only during the call: a link may
 * reuse or wipe them afterwards, so that no copy of a secret stays behind in a read buffer.
 */
export interface Link {
  /** For messages: the port's path, or host and port. */
  readonly name: string;
  /** Speed of the wire, if there is one: 10 bits a byte at 8N1. Absent where bytes pass at once (UDP). */
  readonly bitsPerSecond?: number;
  /** Resolves once the operating system has taken all bytes; rejects with `LINK_LOST` when it cannot. */
  write(bytes: Uint8Array): Promise<void>;
  /** Calls the listener for every piece received; returns the function that ends this. */
  onBytes(listener: (bytes: Uint8Array) => void): () => void;
  /** Calls the listener once, when the link has ended: with the cause of a loss, without one after `close()`. */
  onClosed(listener: (cause: Error | undefined) => void): () => void;
  /** Idempotent; when it resolves, nothing is pending any more and the port is free for others. */
  close(): Promise<void>;
}
