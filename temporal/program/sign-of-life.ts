/** While `work` runs, calls `report` every `everyMs` milliseconds with what `line` makes of the elapsed time. */
export async function withSignOfLife<T>(
  work: Promise<T>,
  everyMs: number,
  report: (line: string) => void,
  line: (elapsed: string) => string,
): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => report(line(formatElapsed(Date.now() - startedAt))), everyMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** A duration for people: `45 s`, `3 min 05 s`. */
export function formatElapsed(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
