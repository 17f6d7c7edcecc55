import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { stopSignal } from '../stop-signal.ts';
import { FullScreen } from '../terminal/full-screen.ts';
import { wrapped } from '../terminal/wrap.ts';
import { waitingList } from '../unit/list-units.ts';
import { lineStatus } from './line-status.ts';
import { watchLines } from './watch-view.ts';
import type { EndedLot, Look } from './watch-view.ts';

/** Between two looks at the line. */
const PAUSE_MS = 1_000;

/** `certline watch`: shows the line until a person leaves, whatever lots begin and end. Throws `usage` without a terminal. */
export async function watchLine(invocation: Invocation): Promise<void> {
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new CommandError(
      'usage',
      'To watch, both ends must be a terminal: elsewhere, "certline line status" prints the same once.',
    );
  const stop = stopSignal();
  const screen = new FullScreen();
  screen.open();
  const signal = AbortSignal.any([stop, screen.ended]);
  screen.show((columns) => wrapped(`Looking at ${invocation.stateFolder}`, columns));
  try {
    while (!signal.aborted) {
      await showOnce(invocation, screen);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    screen.close();
  }
}

/** A look that fails is shown too: what is wrong now may be right at the next one. */
async function showOnce(invocation: Invocation, screen: FullScreen): Promise<void> {
  try {
    const look = await lookAt(invocation);
    screen.show((columns) => watchLines(look, columns));
  } catch (error) {
    screen.show((columns) => wrapped(`The line cannot be seen: ${(error as Error).message}`, columns));
  }
}

async function lookAt(invocation: Invocation): Promise<Look> {
  const status = await lineStatus(invocation);
  const isWaiting =
    'open' in status.batches && status.batches.open.some(({ attention = 0 }) => attention > 0);
  const waiting = isWaiting ? (await waitingList(invocation, undefined)).units : [];
  const last = await endedLast(invocation);
  return { at: new Date(), status, waiting, ...(last !== undefined && { last }) };
}

async function endedLast(invocation: Invocation): Promise<EndedLot | undefined> {
  return await withRegistryIfAny(invocation, async (registry) => {
    const last = await registry?.batchClosedLast();
    if (last?.closedAt === undefined) return undefined;
    const { batch, passed, failed, errors, held } = await registry!.batchSummary(last.batchId);
    const { batchId, quantity } = batch;
    return { batchId, quantity, passed, failed, errors, held, closedAt: last.closedAt };
  });
}
