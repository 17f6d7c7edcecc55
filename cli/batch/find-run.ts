import type { BatchRecord, Registry } from '../../registry/registry.ts';
import { runIdOf } from '../../provisioning/workflow-ids.ts';
import { CommandError } from '../exit-status.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import type { Invocation } from '../invocation.ts';
import { findBatch } from './find-batch.ts';

/** A run of a batch: its first one, or a supplement. */
export interface BatchRun {
  readonly batch: BatchRecord;
  readonly supplement?: number;
  readonly runId: string;
}

const SUPPLEMENT = /^(.*)\/supplement-([1-9]\d*)$/;

/**
 * The runs that are meant by `given`: the one that it names with `/supplement-N`, or else those of the batch that are open, or
 * else the last one. Throws `unknown`.
 */
export async function findRuns(registry: Registry, given: string): Promise<readonly BatchRun[]> {
  const [, name = given, number] = SUPPLEMENT.exec(given) ?? [];
  const batch = await findBatch(registry, name);
  const supplements = await registry.supplements(batch.batchId);
  const first: BatchRun = { batch, runId: batch.batchId };
  const others = supplements.map((each) => ({
    batch,
    supplement: each.number,
    runId: runIdOf(batch.batchId, each.number),
    isOpen: each.closedAt === undefined,
  }));
  if (number !== undefined) {
    const named = others.find(({ supplement }) => supplement === Number(number));
    if (named !== undefined) return [named];
    throw new CommandError(
      'unknown',
      `Batch ${batch.batchId} has ${others.length} supplements, not ${number}.`,
    );
  }
  const open = [...(batch.closedAt === undefined ? [first] : []), ...others.filter(({ isOpen }) => isOpen)];
  return open.length > 0 ? open : [others.at(-1) ?? first];
}

/** As `findRuns`, their ids; on a host without a registry Temporal must know the id as it is given. */
export async function liveRunIds(invocation: Invocation, given: string): Promise<readonly string[]> {
  return await withRegistryIfAny(invocation, async (registry) =>
    registry === undefined ? [given] : (await findRuns(registry, given)).map(({ runId }) => runId),
  );
}
