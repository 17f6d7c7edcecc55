import type { Client } from '@temporalio/client';
import { batchStanding } from './batch-standing.ts';
import { CommandError } from '../exit-status.ts';

/** Why a batch cannot be steered: it has ended, or Temporal never knew it. */
export async function batchNotRunning(client: Client, batchId: string): Promise<CommandError> {
  const { status } = await batchStanding(client, batchId);
  return new CommandError(
    'refused',
    `Batch ${batchId} has ended (${status.toLowerCase()}), nothing of it waits: see "certline batch show ${batchId}".`,
  );
}
