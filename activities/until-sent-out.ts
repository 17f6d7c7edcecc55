import { Context } from '@temporalio/activity';
import { OUTBOX_PATIENCE_MS } from '../provisioning/timeouts.ts';
import type { OpenEntries, Outbox } from '../registry/outbox.ts';
import { SYSTEM_CLOCK } from '../registry/outbox/clock.ts';
import type { ConfiguredRegistry } from '../registry/outbox/configured-registry.ts';
import { RegistryError } from '../registry/registry-error.ts';

const LOOK_MS = 250;
/** A look at a million entries takes a second, in which this process does nothing else. */
const PAUSE_FOR_LOOK = 20;

/** A batch is not closed before all device registries have all of its units. Throws OUTBOX_OPEN, with what is missing. */
export async function untilSentOut(
  outbox: Outbox,
  deviceRegistries: readonly ConfiguredRegistry[],
  batchId: string,
): Promise<void> {
  const configured = new Set(deviceRegistries.map(({ registry: { name } }) => name));
  const signal = Context.current().cancellationSignal;
  const endAt = Date.now() + OUTBOX_PATIENCE_MS;
  for (;;) {
    const from = performance.now();
    const open = await outbox.openOf(batchId);
    const lookMs = performance.now() - from;
    if (open.length === 0) return;
    const isSent = open.some(({ registry, waiting }) => waiting > 0 && configured.has(registry));
    if (!isSent || Date.now() > endAt || signal.aborted) {
      const parts = open.map((each) => shown(each, configured.has(each.registry)));
      const message = `Batch ${batchId} is not closed: these registries do not have every unit: ${parts.join(', ')}. See "certline registry status".`;
      throw new RegistryError('not-sent', message);
    }
    await SYSTEM_CLOCK.sleep(Math.max(LOOK_MS, PAUSE_FOR_LOOK * lookMs), signal);
  }
}

function shown({ registry, waiting, parked }: OpenEntries, isConfigured: boolean): string {
  const where = isConfigured ? '' : ', not in the configuration';
  return `${registry} (${waiting} waiting, ${parked} parked${where})`;
}
