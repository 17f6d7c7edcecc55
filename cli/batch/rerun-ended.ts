import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { findBatch } from './find-batch.ts';
import { startSupplement } from './start-supplement.ts';
import type { SupplementOptions } from './start-supplement.ts';

export interface RerunEndedOptions extends SupplementOptions {
  readonly code?: readonly FailureCode[];
  readonly serial?: readonly string[];
  readonly scrapped?: boolean;
}

/** `certline batch rerun --ended`. Throws what `findBatch` and `startSupplement` throw. */
export async function rerunEnded(
  invocation: Invocation,
  given: string,
  { code, serial, scrapped, ...decided }: RerunEndedOptions,
): Promise<void> {
  await withRegistry(invocation, async (registry) => {
    const batch = await findBatch(registry, given);
    const choice = {
      ...(code && { codes: code }),
      ...(serial && { serials: serial }),
      ...(scrapped === true && { scrapped }),
    };
    await startSupplement(invocation, registry, batch, choice, decided);
  });
}
