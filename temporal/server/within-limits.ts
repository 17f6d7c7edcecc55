import type { Connection } from '@temporalio/client';

/** A new namespace and new search attributes can be used within 60 s each; a server that is frozen would answer never. */
const PREPARED_WITHIN_MS = 150_000;

/**
 * Does what prepares a server, over this connection. All calls end when the signal aborts, with its reason, and after 150 s, with the
 * gRPC status DEADLINE_EXCEEDED.
 */
export async function withinLimits<T>(
  connection: Connection,
  signal: AbortSignal | undefined,
  prepare: () => Promise<T>,
): Promise<T> {
  const limited = (): Promise<T> =>
    signal === undefined ? prepare() : connection.withAbortSignal(signal, prepare);
  try {
    return await connection.withDeadline(Date.now() + PREPARED_WITHIN_MS, limited);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
