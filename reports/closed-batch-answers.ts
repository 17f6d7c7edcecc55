import type { Registry } from '../registry/registry.ts';
import { writeBatchResult, writeReportBeside } from './batch-result.ts';
import { filesOf, writeStatus } from './lot-answers.ts';

/**
 * Writes all answers about a batch that is closed, as it is now: its result, whose version it returns, its report and its last status.
 * Nothing about one that is open: they are written when it closes. Throws what the writers of these files and the registry throw.
 */
export async function rewriteAnswers(
  registry: Registry,
  inbox: string,
  batchId: string,
): Promise<number | undefined> {
  const { batch } = await registry.batchSummary(batchId);
  if (batch.state !== 'closed') return undefined;
  const files = await filesOf(registry, inbox, batch);
  const { version, changes } = await writeBatchResult(registry, batch, files.result);
  await writeReportBeside(registry, batch, files);
  await writeStatus(registry, files, batch);
  await registry.noteAnswers(batchId, changes);
  return version;
}
