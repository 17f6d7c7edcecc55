import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition; fails with `what` after 20 s. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`waited in vain until ${what}`);
    await sleep(50);
  }
}
