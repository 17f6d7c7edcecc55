import type { Patience } from './turn.ts';

/** Waits, or less when the caller has no patience for it; never rejects. */
export async function pause(ms: number, { signal, deadlineMs = Infinity }: Patience): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, Math.min(ms, deadlineMs - performance.now())));
  const onAbort = (): void => resolve();
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener('abort', onAbort);
}
