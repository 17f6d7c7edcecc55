import type { Client } from '@temporalio/client';
import type { BatchRecord } from '../../registry/registry.ts';
import { restartBatchWorkflow } from '../../workers/batch-start.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printLine } from '../terminal/stdout.ts';
import { findBatch } from './find-batch.ts';

const WHAT = 'recover a batch';

export interface RecoverOptions {
  readonly reason: string;
  readonly yes?: boolean;
}

/**
 * `certline batch recover`. Throws `refused` when the batch needs no recovery or the answer is no, `usage` where nobody can be
 * asked, `unknown`, `lineNotRunning`.
 */
export async function recoverBatch(
  { stateFolder, config }: Invocation,
  given: string,
  options: RecoverOptions,
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  const batch = await withRegistry(stateFolder, (registry) => findBatch(registry, given));
  await withLineClient(stateFolder, async (client) => {
    if (batch.state !== 'closed') throw stillOpen(batch);
    await confirm(WHAT, `Settle the certificates of batch ${batch.batchId} again?`, options);
    await restart(client, batch, config.unitsInFlight, options.reason);
    printLine(`Batch ${batch.batchId} is being recovered: certline batch watch ${batch.batchId}`);
  });
}

async function restart(client: Client, batch: BatchRecord, window: number, reason: string): Promise<void> {
  const { batchId, order, manifest, manifestSha256, quantity } = batch;
  const input = { batchId, order, manifest, manifestSha256, quantity, window };
  if (await restartBatchWorkflow(client, { ...input, recovery: { mode: 'close', reason } })) return;
  throw new CommandError(
    'refused',
    `Batch ${batchId} runs: there is nothing to recover, see "certline batch show ${batchId}".`,
  );
}

function stillOpen({ batchId }: BatchRecord): CommandError {
  return new CommandError(
    'refused',
    `Batch ${batchId} is not closed: end it with "certline batch cancel ${batchId}", or wait until it has ended.`,
  );
}
