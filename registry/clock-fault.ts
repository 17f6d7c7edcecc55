/** How far the clocks of two hosts may differ: AWS takes signatures that are 5 minutes old. */
const TOLERATED_MS = 300_000;
const MINUTE_MS = 60_000;

/**
 * What is wrong with the clock of this host, by the header that says the time of an answer (RFC 9110 §6.6.1); undefined where nothing is. It is
 * why a signature that was made with the right key is refused.
 */
export function clockFault(
  { date = '' }: { readonly date?: string | undefined },
  now = Date.now(),
): string | undefined {
  const aheadMs = now - Date.parse(date);
  if (!(Math.abs(aheadMs) >= TOLERATED_MS)) return undefined;
  const minutes = Math.round(Math.abs(aheadMs) / MINUTE_MS);
  return `the clock of this host is ${minutes} minutes ${aheadMs > 0 ? 'ahead' : 'behind'}, so set it`;
}
