import { resolve } from 'node:path';
import { writeLotReport } from '../../reports/lot-report/lot-report.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { makeFile } from '../made-file.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { findBatch } from './find-batch.ts';

/** `certline batch report`. Throws `unknown`, and `disk` where the file cannot be written. */
export async function reportBatch(
  invocation: Invocation,
  given: string,
  { output, json }: { readonly output?: string; readonly json?: boolean },
): Promise<void> {
  await withRegistry(invocation, async (registry) => {
    const batch = await findBatch(registry, given);
    const path = resolve(output ?? `${batch.batchId}.report.html`);
    await makeFile(path, async () => {
      await writeLotReport(registry, batch, path);
    });
    const { batchId } = batch;
    tell(json, { batchId, file: path }, `The report of batch ${batchId} is in ${path}`);
  });
}
