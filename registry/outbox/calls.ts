import type { OutboxEntry } from '../outbox.ts';

/** Entries that go to a device registry in one call. */
export interface Call {
  readonly act: OutboxEntry['act'];
  readonly entries: readonly OutboxEntry[];
}

/** A call has so many times fewer entries for each time that they failed by themselves: of the largest, 1,000, one is left. */
const FEWER_TIMES = 4;

/**
 * Entries, the oldest first, as calls of at most `devicesPerCall`. Of each unit there is one entry at a time: its old certificate is
 * withdrawn before the new one is put, or after, and never at once. `busy` has the serials of which one is under way. Entries
 * that have failed by themselves go in ever smaller calls, by how often they failed: in the end one that always fails is alone, and
 * a call that failed by chance is not a thousand calls afterwards.
 */
export function callsOf(
  entries: readonly OutboxEntry[],
  devicesPerCall: number,
  busy: ReadonlySet<string>,
): Call[] {
  const seen = new Set(busy);
  const open = new Map<string, OutboxEntry[]>();
  const calls: Call[] = [];
  for (const entry of entries) {
    if (seen.has(entry.device.serial)) continue;
    seen.add(entry.device.serial);
    const { act, ownFailures } = entry;
    const most = Math.ceil(devicesPerCall / FEWER_TIMES ** ownFailures);
    const gathered = open.get(`${act} ${ownFailures}`);
    if (gathered !== undefined && gathered.length < most) gathered.push(entry);
    else {
      const started = [entry];
      open.set(`${act} ${ownFailures}`, started);
      calls.push({ act, entries: started });
    }
  }
  return calls;
}
