import { resolve } from 'node:path';
import { copyBatchResult, writeBatchResult } from '../../reports/batch-result.ts';
import { rewriteAnswers } from '../../reports/closed-batch-answers.ts';
import { filesOf } from '../../reports/lot-answers.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry, withWritableRegistry } from '../registry/open-registry.ts';
import { tell } from '../terminal/stdout.ts';
import { findBatch } from './find-batch.ts';

/**
 * `certline batch result`. The answers about a closed batch belong together: where its result is, all of them are written again. A
 * copy in another place changes none of them. Throws `unknown`, and MANIFEST_ANSWER_FAILED where a file cannot be written.
 */
export async function writeResult(
  invocation: Invocation,
  given: string,
  options: { readonly output?: string; readonly json?: boolean },
): Promise<void> {
  const { config } = invocation;
  const batch = await withRegistry(invocation, (registry) => findBatch(registry, given));
  await withWritableRegistry(invocation, async (registry) => {
    if (registry === undefined) return;
    const files = await filesOf(registry, config.inbox, batch);
    const path = options.output === undefined ? files.result : resolve(options.output);
    const version =
      path === files.result
        ? ((await rewriteAnswers(registry, config.inbox, batch.batchId)) ??
          (await writeBatchResult(registry, batch, path)).version)
        : await copyBatchResult(registry, batch, path);
    const still = batch.state === 'open' ? '; the batch is open, so units have no outcome yet' : '';
    tell(
      options.json,
      { batchId: batch.batchId, file: path, version, state: batch.state },
      `Result ${version} of batch ${batch.batchId} is in ${path}${still}`,
    );
  });
}
