import { setTimeout as sleep } from 'node:timers/promises';

/** Looks often at first, so that short waits stay short, then 20 times a second. */
const FIRST_PAUSE_MS = 2;
const LAST_PAUSE_MS = 50;

/** Waits until the condition gives something and returns that; fails with `what` after 60 s, or the milliseconds given. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  patienceMs = 60_000,
): Promise<T> {
  const limit = Date.now() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LAST_PAUSE_MS)) {
    const given = await condition();
    if (given !== undefined && given !== false) return given;
    if (Date.now() > limit) throw new Error(`waited in vain until ${what}`);
    await sleep(pause);
  }
}
