import { findBatch } from '../batch/find-batch.ts';
import { startSupplement } from '../batch/start-supplement.ts';
import type { SupplementOptions } from '../batch/start-supplement.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { findUnit } from './find-unit.ts';

/** `certline unit rerun`. Throws what `findUnit` and `startSupplement` throw. */
export async function rerunUnit(
  invocation: Invocation,
  given: string,
  { scrapped, ...decided }: SupplementOptions & { readonly scrapped?: boolean },
): Promise<void> {
  const { serial, batchId } = await findUnit(invocation, given);
  await withRegistry(invocation, async (registry) => {
    const choice = { serials: [serial], ...(scrapped === true && { scrapped }) };
    await startSupplement(invocation, registry, await findBatch(registry, batchId), choice, decided);
  });
}
