import { setTimeout } from 'node:timers/promises';
import type { NewBatch } from '../../../provisioning/batch-record.ts';
import type { BatchRow } from '../../../registry/registry.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';

/** A process to be killed: imports a batch and says when it is in the middle of its rows, or about to commit. */
const [path = '', announced = '', moment = ''] = process.argv.slice(2);
const batch = JSON.parse(announced) as NewBatch;

async function* rows(): AsyncGenerator<BatchRow> {
  for (let row = 1; row <= batch.quantity; row += 1) {
    if (moment === 'rows' && row === Math.floor(batch.quantity / 2)) {
      process.stdout.write('half of the rows\n');
      await setTimeout(60_000);
    }
    yield { serial: `CL-${String(row).padStart(6, '0')}`, product: 'node', attrs: {} };
  }
  process.stdout.write('all of the rows\n');
}

await openRegistryFile(path).importBatch(batch, rows());
