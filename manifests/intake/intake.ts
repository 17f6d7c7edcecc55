import { PRIORITY } from '../../provisioning/priority.ts';
import type { ManifestRow } from '../check/manifest-row.ts';
import type { RegisteredBatch, RegisteredUnits, StagedBatch, TakenKeys } from '../check/registered-units.ts';
import type { Accepted, Verdict } from '../check/verdict.ts';
import { assessManifest, batchIdOf } from './assess-manifest.ts';
import type { Surroundings } from './assess-manifest.ts';
import type { ManifestCopy } from './copy-manifest.ts';
import { priorityClaimed } from './manifest-claims.ts';

/** What intake needs from the rest of the factory line. */
export interface IntakePorts extends Surroundings {
  readonly registered: RegisteredUnits;
  /** What a batch says that its manifest is called: the name of the copy, with its folder below the inbox. */
  readonly nameOf: (copy: ManifestCopy) => string;
  /** Begins to store a batch. What an intake that died has left of it is removed. */
  readonly stageBatch: (batchId: string) => Promise<StagedBatch>;
  /** Starts the batch's workflow and records that it is started. After a crash between the two it is called again. */
  readonly startBatch: (batch: RegisteredBatch) => Promise<void>;
}

/**
 * Makes the function that validates a manifest, stores its batch, starts it, and returns the verdict. The rows are stored in the
 * pass that checks them, and become a batch by the last, short step; those of a refused manifest are removed. The same content
 * again is answered as a duplicate and has no effect, except that it starts a batch that a crash left unstarted.
 */
export function createIntake(ports: IntakePorts): (copy: ManifestCopy) => Promise<Verdict> {
  return async (copy) => {
    const staging = new Staging(ports, copy.sha256);
    try {
      return await takeIn(ports, copy, staging);
    } finally {
      await staging.discard();
    }
  };
}

/** The batch of a manifest while it is read: it begins with the first good row, which has the order. */
class Staging {
  readonly #ports: IntakePorts;
  readonly #sha256: string;
  #batch: StagedBatch | undefined;

  constructor(ports: IntakePorts, sha256: string) {
    this.#ports = ports;
    this.#sha256 = sha256;
  }

  get batch(): StagedBatch | undefined {
    return this.#batch;
  }

  async add(rows: readonly ManifestRow[]): Promise<TakenKeys> {
    this.#batch ??= await this.#ports.stageBatch(batchIdOf(rows[0]?.order ?? '', this.#sha256));
    return await this.#batch.add(rows);
  }

  async discard(): Promise<void> {
    await this.#batch?.discard();
  }
}

async function takeIn(ports: IntakePorts, copy: ManifestCopy, staging: Staging): Promise<Verdict> {
  const assessment = await assessManifest(copy, ports, staging);
  if (assessment.status === 'rejected') return assessment;
  if (assessment.status === 'known') {
    const warnings = priorityStays(copy, assessment.batch);
    return { ...(await begin(ports, copy, assessment.batch)), ...(warnings.length > 0 && { warnings }) };
  }
  const { batchId, order, rows, understood, warnings, continues } = assessment;
  const priority = priorityClaimed(copy.claims);
  const batch = {
    batchId,
    order,
    manifest: ports.nameOf(copy),
    manifestSha256: copy.sha256,
    quantity: rows,
    ...(priority !== undefined && { priority }),
  };
  if (staging.batch === undefined) throw new Error(`No unit of batch ${batchId} was stored.`);
  const accepted = await begin(ports, copy, await staging.batch.accept(batch));
  const others = continues.map((earlier) => earlier.batchId);
  return { ...accepted, understood, warnings, ...(others.length > 0 && { continues: others }) };
}

/** The same content under a name with another priority changes nothing. */
function priorityStays(
  copy: ManifestCopy,
  { batchId, priority = PRIORITY.usual }: RegisteredBatch,
): string[] {
  const asked = priorityClaimed(copy.claims);
  if (asked === undefined || asked === priority) return [];
  return [
    `Batch ${batchId} was accepted with priority ${priority}. To change it: certline batch priority ${batchId} ${asked}`,
  ];
}

async function begin(ports: IntakePorts, copy: ManifestCopy, batch: RegisteredBatch): Promise<Accepted> {
  const { batchId, order, quantity: rows, importedAt } = batch;
  const accepted = { status: 'accepted', batchId, order, rows, importedAt } as const;
  if (batch.startedAt === undefined) await ports.startBatch(batch);
  // The same file, saved or read once more, is no other manifest.
  return batch.manifest === ports.nameOf(copy) ? accepted : { ...accepted, duplicateOf: batch.manifest };
}
