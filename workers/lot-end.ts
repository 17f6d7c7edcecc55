import type { LotEnd } from '../manifests/intake/archive.ts';
import type { Registry } from '../registry/registry.ts';

/** When a batch ended with all of its runs; undefined while one is open: units of a closed batch may run again. */
export async function lotEnd(
  registry: Pick<Registry, 'batch' | 'supplements'>,
  batchId: string,
): Promise<LotEnd | undefined> {
  const batch = await registry.batch(batchId);
  if (batch?.state !== 'closed' || batch.closedAt === undefined) return undefined;
  const { closedAt } = batch;
  const later = (await registry.supplements(batchId)).flatMap((each) => each.closedAt ?? []);
  return { closedAt, endedAt: later.reduce((last, end) => (end > last ? end : last), closedAt) };
}
