import type { NewBatch } from '../../provisioning/batch-record.ts';
import type { ManifestRow } from '../check/manifest-row.ts';
import type { RegisteredBatch, RegisteredUnits } from '../check/registered-units.ts';
import type { Accepted, Verdict } from '../check/verdict.ts';
import { assessManifest } from './assess-manifest.ts';
import type { Assessment, Surroundings } from './assess-manifest.ts';
import type { ManifestCopy } from './copy-manifest.ts';

/** What intake needs from the rest of the factory line. */
export interface IntakePorts extends Surroundings {
  readonly registered: RegisteredUnits;
  /** What a batch says that its manifest is called: the name of the copy, with its folder below the inbox. */
  readonly nameOf: (copy: ManifestCopy) => string;
  /**
   * Stores the batch and all its rows, or nothing. `imported` has the new batch, or the earlier one when the same
   * content was stored before; `taken`: a serial or board belongs to another batch.
   */
  readonly importBatch: (batch: NewBatch, rows: AsyncIterable<ManifestRow>) => Promise<ImportAnswer>;
  /** Starts the batch's workflow and records that it is started. After a crash between the two it is called again. */
  readonly startBatch: (batch: RegisteredBatch) => Promise<void>;
}

type ImportAnswer =
  { readonly status: 'imported'; readonly batch: RegisteredBatch } | { readonly status: 'taken' };

type Valid = Extract<Assessment, { status: 'valid' }>;

/**
 * Makes the function that validates a manifest, stores its batch, starts it, and returns the verdict. The same content
 * again is answered as a duplicate and has no effect, except that it starts a batch that a crash left unstarted.
 */
export function createIntake(ports: IntakePorts): (copy: ManifestCopy) => Promise<Verdict> {
  return async (copy) => {
    const assessment = await assessManifest(copy, ports);
    if (assessment.status === 'rejected') return assessment;
    if (assessment.status === 'known') return await begin(ports, copy, assessment.batch);
    return await importNew(ports, copy, assessment);
  };
}

async function importNew(ports: IntakePorts, copy: ManifestCopy, valid: Valid): Promise<Verdict> {
  const { batchId, order, rows, understood, warnings, continues } = valid;
  const batch = { batchId, order, manifest: ports.nameOf(copy), manifestSha256: copy.sha256, quantity: rows };
  const answer = await ports.importBatch(batch, valid.newRows());
  if (answer.status === 'imported') {
    const others = continues.map((earlier) => earlier.batchId);
    const accepted = await begin(ports, copy, answer.batch);
    return { ...accepted, understood, warnings, ...(others.length > 0 && { continues: others }) };
  }
  // Another manifest took a serial or board during the validation; the second validation names each of them.
  const again = await assessManifest(copy, ports);
  if (again.status === 'rejected') return again;
  throw new Error(
    `The registry refused batch ${batchId} as taken, but none of its serials and boards is registered.`,
  );
}

async function begin(ports: IntakePorts, copy: ManifestCopy, batch: RegisteredBatch): Promise<Accepted> {
  const { batchId, order, quantity: rows, importedAt } = batch;
  const accepted = { status: 'accepted', batchId, order, rows, importedAt } as const;
  if (batch.startedAt === undefined) await ports.startBatch(batch);
  // The same file, saved or read once more, is no other manifest.
  return batch.manifest === ports.nameOf(copy) ? accepted : { ...accepted, duplicateOf: batch.manifest };
}
