import type { Logger } from 'pino';

/** Steps that undo what was opened, in the opposite order. */
export type Closing = (() => Promise<unknown>)[];

/** Runs every step, the newest first, whatever the others do; then throws the first error, if any. */
export async function closeAll(closing: Closing): Promise<void> {
  const errors: unknown[] = [];
  for (const step of closing.splice(0).toReversed()) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/**
 * Runs `open`, which adds to `closing` how to undo each of its steps. When it fails, what it did is undone and its
 * error is thrown; an error of undoing goes to the log.
 */
export async function openInOrder<T>(log: Logger, open: (closing: Closing) => Promise<T>): Promise<T> {
  const closing: Closing = [];
  try {
    return await open(closing);
  } catch (error) {
    await closeAll(closing).catch((second: unknown) => log.warn({ err: second }, 'closing failed'));
    throw error;
  }
}
