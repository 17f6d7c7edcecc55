import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { RolesRig } from '../end-to-end/roles-rig.ts';
import type { RandomSeries } from '../signer-load/random-series.ts';

/** A lot on a line, and the chance that decides what happens to it. */
export interface Lot {
  readonly client: Client;
  readonly rig: RolesRig;
  readonly random: RandomSeries;
  readonly batchId: string;
  readonly serials: readonly string[];
}

export const NAMESPACE = 'default';

/** Rows that the registry has of this lot. `$batch` stands for its id. */
export function recordOf<T>({ rig, batchId }: Lot, sql: string): T[] {
  return rowsOf<T>(rig.places.registry, sql.replaceAll('$batch', `'${batchId}'`));
}

/** A unit in a rework, as the registry has it. */
export interface ReworkRow {
  readonly reworkId: string;
  readonly kind: string;
  readonly serial: string;
  readonly boardId: string;
  readonly attention: number;
  readonly endedAt: string | null;
  readonly result: string | null;
}

export function reworksOf(lot: Lot): ReworkRow[] {
  return recordOf(
    lot,
    `SELECT rework_id AS reworkId, kind, serial, certificates.board_id AS boardId, rework_units.attention, rework_units.ended_at AS endedAt, result
     FROM rework_units JOIN reworks USING (rework_id) JOIN units USING (unit_id)
       JOIN certificates ON fingerprint = old_fingerprint WHERE batch_id = $batch`,
  );
}

/** As Temporal calls it, or NOT FOUND. */
export async function statusOf({ client }: Lot, workflowId: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT FOUND';
    throw error;
  }
}
