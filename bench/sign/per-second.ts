/** Runs the jobs, `atOnce` of them at any time, and returns how many ended in a second. The first error ends it. */
export async function perSecond(jobs: readonly (() => Promise<unknown>)[], atOnce: number): Promise<number> {
  const waiting = jobs.values();
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const job of waiting) await job();
    }),
  );
  return (jobs.length * 1_000) / (performance.now() - begin);
}

/** How often a synchronous piece of work can be done in a second, measured for about `forMs`. */
export function callsPerSecond(work: () => unknown, forMs: number): number {
  const begin = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < forMs) {
    for (let repeat = 0; repeat < 10; repeat += 1) work();
    calls += 10;
    elapsedMs = performance.now() - begin;
  }
  return (calls * 1_000) / elapsedMs;
}
