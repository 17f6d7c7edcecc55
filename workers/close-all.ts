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
