import { Context } from '@temporalio/activity';
import { OUTBOX_PATIENCE_MS } from '../provisioning/timeouts.ts';
import type { Outbox } from '../registry/outbox.ts';
import { SYSTEM_CLOCK } from '../registry/outbox/clock.ts';
import { RegistryError } from '../registry/registry-error.ts';

const LOOK_MS = 250;
/** A look at a million entries takes a second, in which this process does nothing else. */
const PAUSE_FOR_LOOK = 20;

/** A batch is not closed before all device registries have all of its units. Throws OUTBOX_OPEN, with what is missing. */
export async function untilSentOut(outbox: Outbox, batchId: string): Promise<void> {
  const signal = Context.current().cancellationSignal;
  const endAt = Date.now() + OUTBOX_PATIENCE_MS;
  for (;;) {
    const from = performance.now();
    const open = await outbox.openOf(batchId);
    const lookMs = performance.now() - from;
    if (open.length === 0) return;
    const waiting = open.some((each) => each.waiting > 0);
    if (!waiting || Date.now() > endAt || signal.aborted) {
      const parts = open.map((each) => `${each.registry} (${each.waiting} waiting, ${each.parked} parked)`);
      const message = `Batch ${batchId} is not closed: these registries do not have every unit: ${parts.join(', ')}. See "certline registry status".`;
      throw new RegistryError('not-sent', message);
    }
    await SYSTEM_CLOCK.sleep(Math.max(LOOK_MS, PAUSE_FOR_LOOK * lookMs), signal);
  }
}
