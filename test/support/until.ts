import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition; fails with `what` after 20 s, or the milliseconds given. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  patienceMs = 20_000,
): Promise<void> {
  const limit = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error(`waited in vain until ${what}`);
    await sleep(50);
  }
}
