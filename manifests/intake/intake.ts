import type { NewBatch } from '../../provisioning/batch-record.ts';
import type { ManifestCopy } from './copy-manifest.ts';
import type { ManifestProduct, ManifestRow } from '../check/manifest-row.ts';
import { parseManifest } from '../check/parse-manifest.ts';
import type { RegisteredBatch, RegisteredUnits } from '../check/registered-units.ts';
import { validateManifest } from '../check/validate-manifest.ts';
import type { Accepted, Verdict } from '../check/verdict.ts';

/** What intake needs from the rest of the factory line. */
export interface IntakePorts {
  readonly products: readonly ManifestProduct[];
  readonly registered: RegisteredUnits;
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

/**
 * Makes the function that validates a manifest, stores its batch, starts it, and returns the verdict. The same content
 * again is answered as a duplicate and has no effect, except that it starts a batch that a crash left unstarted.
 */
export function createIntake(ports: IntakePorts): (copy: ManifestCopy) => Promise<Verdict> {
  return async (copy) => {
    const known = await ports.registered.batchOf(copy.sha256);
    return known === undefined ? await importNew(ports, copy) : await begin(ports, known);
  };
}

async function importNew(ports: IntakePorts, copy: ManifestCopy): Promise<Verdict> {
  const { products, registered } = ports;
  const found = await validateManifest(copy.path, products, registered);
  if (found.count > 0) return found.verdict();
  const { order, rows } = found;
  const batchId = `${order}-${copy.sha256.slice(0, 8)}`;
  const batch = { batchId, order, manifest: copy.name, manifestSha256: copy.sha256, quantity: rows };
  const answer = await ports.importBatch(batch, goodRows(copy.path, products));
  if (answer.status === 'imported')
    return { ...(await begin(ports, answer.batch)), understood: found.understood };
  // Another manifest took a serial or board during the validation; the second validation names each of them.
  const again = await validateManifest(copy.path, products, registered);
  if (again.count === 0)
    throw new Error(
      `The registry refused batch ${batchId} as taken, but none of its serials and boards is registered.`,
    );
  return again.verdict();
}

async function begin(ports: IntakePorts, batch: RegisteredBatch): Promise<Accepted> {
  const { batchId, order, quantity: rows, importedAt } = batch;
  const accepted = { status: 'accepted', batchId, order, rows, importedAt } as const;
  if (batch.startedAt !== undefined) return { ...accepted, duplicateOf: batch.manifest };
  await ports.startBatch(batch);
  return accepted;
}

async function* goodRows(path: string, products: readonly ManifestProduct[]): AsyncGenerator<ManifestRow> {
  for await (const { rows } of parseManifest(path, products)) yield* rows;
}
