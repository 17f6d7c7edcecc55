import type { OutboxDepth, ParkedEntry } from '../../registry/outbox.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from './open-registry.ts';

/** Parked entries that are shown. */
const PARKED_MOST = 100;

/** `certline registry status`. Throws `unknown` where there is no registry. */
export async function showOutbox(
  invocation: Invocation,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const [depths, parked] = await withRegistry(invocation, async ({ outbox }) => [
    await outbox.depths(),
    await outbox.parked(PARKED_MOST),
  ]);
  if (json === true) return printJson({ registries: depths, parked });
  if (depths.length === 0) return printLine('No unit was ever due at a device registry.');
  await printTable(
    [
      ...['registry', 'done', 'waiting', 'parked', 'given up', 'oldest'].map((head) => ({ head })),
      { head: 'now', wraps: true },
    ],
    depths.map(depthCells),
  );
  if (parked.length === 0) return;
  printLine('');
  await printTable(
    [...['parked', 'registry', 'what', 'since'].map((head) => ({ head })), { head: 'why', wraps: true }],
    parked.map(parkedCells),
  );
  printLine('');
  printLine('"certline registry retry" tries again what is parked.');
}

function depthCells(depth: OutboxDepth): string[] {
  const { registry, done, waiting, parked, abandoned, oldestAt } = depth;
  const counts = [done, waiting, parked, abandoned].map(String);
  return [registry, ...counts, timeOf(oldestAt), standingOf(depth)];
}

function standingOf({ pausedUntil, message, waiting }: OutboxDepth): string {
  if (pausedUntil > Date.now()) return `pauses until ${timeOf(pausedUntil)}: ${message ?? ''}`;
  return waiting > 0 ? 'sends' : 'has everything that can be sent';
}

function parkedCells({ serial, registry, act, failedAt, message }: ParkedEntry): string[] {
  return [serial, registry, act, timeOf(failedAt), message];
}

function timeOf(at: number | undefined): string {
  return at === undefined ? '' : shownTime(new Date(at).toISOString());
}
