import type { OutboxDepth, ParkedEntry } from '../../registry/outbox.ts';
import { isPausing } from '../../registry/outbox/next-standing.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import { shownTime } from '../terminal/words.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from './open-registry.ts';
import { NOT_CONFIGURED, withoutConfiguration } from './without-configuration.ts';

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
  const configured = new Set(invocation.config.registries.map(({ name }) => name));
  const registries = depths.map((depth) => ({ ...depth, isConfigured: configured.has(depth.registry) }));
  if (json === true) return printJson({ registries, parked });
  if (depths.length === 0) return printLine('No unit was ever due at a device registry.');
  await printTable(
    [
      ...['registry', 'done', 'waiting', 'parked', 'given up', 'oldest'].map((head) => ({ head })),
      { head: 'now', wraps: true },
    ],
    registries.map(depthCells),
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

interface Shown extends OutboxDepth {
  readonly isConfigured: boolean;
}

function depthCells(depth: Shown): string[] {
  const { registry, done, waiting, parked, abandoned, oldestAt } = depth;
  const counts = [done, waiting, parked, abandoned].map(String);
  return [registry, ...counts, timeOf(oldestAt), standingOf(depth)];
}

function standingOf(depth: Shown): string {
  const { registry, pausedUntil, message, waiting, parked } = depth;
  if (!depth.isConfigured) return waiting + parked > 0 ? withoutConfiguration(registry) : NOT_CONFIGURED;
  if (isPausing(depth, Date.now())) return `pauses until ${timeOf(pausedUntil)}: ${message ?? ''}`;
  return waiting > 0 ? 'sends' : 'has everything that can be sent';
}

function parkedCells({ serial, registry, act, failedAt, message }: ParkedEntry): string[] {
  return [serial, registry, act, timeOf(failedAt), message];
}

function timeOf(at: number | undefined): string {
  return at === undefined ? '' : shownTime(new Date(at).toISOString());
}
