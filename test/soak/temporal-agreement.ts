import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { RolesRig } from '../end-to-end/roles-rig.ts';
import type { Lot } from './buttons.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
}

/** What Temporal says of a lot that is quiet, and the registry does not. */
export async function temporalViolations(lot: Lot): Promise<string[]> {
  const units = rowsOf<{ serial: string; outcome: string }>(
    lot.rig.places.registry,
    `SELECT serial, outcome FROM units WHERE batch_id = '${lot.batchId}'`,
  );
  const found = await Promise.all(units.map((unit) => unitDiffers(lot, unit)));
  return [...found.flat(), ...(await batchDiffers(lot, units))];
}

async function unitDiffers(
  { client }: Lot,
  { serial, outcome }: { readonly serial: string; readonly outcome: string },
): Promise<string[]> {
  const handle = client.workflow.getHandle(unitWorkflowId(serial));
  try {
    const report = (await handle.result()) as { outcome: string };
    return report.outcome === outcome
      ? []
      : [`T: ${serial} is ${report.outcome} in Temporal, ${outcome} on record`];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    if (!(error instanceof WorkflowFailedError)) throw error;
    const report = (error.cause as ApplicationFailure | undefined)?.details?.[0] as
      { outcome?: string } | undefined;
    // One that was terminated or cancelled says nothing.
    if (report?.outcome === undefined || report.outcome === outcome) return [];
    return [`T: ${serial} is ${report.outcome} in Temporal, ${outcome} on record`];
  }
}

async function batchDiffers(
  { client, batchId }: Lot,
  units: readonly { readonly outcome: string }[],
): Promise<string[]> {
  const count = (outcome: string): number => units.filter((unit) => unit.outcome === outcome).length;
  const recorded: Counts = {
    passed: count('PASS'),
    failed: count('FAIL'),
    errors: count('ERROR'),
    held: count('HOLD'),
  };
  const handle = client.workflow.getHandle(batchWorkflowId(batchId));
  try {
    const { status } = await handle.describe();
    // A run that was terminated has the last that it knew.
    if (status.name === 'TERMINATED') return [];
    const said: Counts =
      status.name === 'COMPLETED'
        ? ((await handle.result()) as Counts)
        : await handle.query<Counts>('progress');
    const isSame = (['passed', 'failed', 'errors', 'held'] as const).every(
      (key) => said[key] === recorded[key],
    );
    if (isSame) return [];
    const { passed, failed, errors, held } = said;
    return [
      `T: ${batchId} (${status.name}) counts ${JSON.stringify({ passed, failed, errors, held })}, the record ${JSON.stringify(recorded)}`,
    ];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

/** Tiles that say PASS of a board that is not a unit's. */
export function tileViolations(rig: RolesRig): string[] {
  const active = new Set(
    rowsOf<{ serial: string; boardId: string }>(
      rig.places.registry,
      `SELECT serial, certificates.board_id AS boardId FROM certificates JOIN units USING (unit_id)
       WHERE state = 'active' AND outcome = 'PASS'`,
    ).map(({ serial, boardId }) => `${serial} ${boardId}`),
  );
  return (['st-1', 'st-2'] as const).flatMap((station) => {
    const path = join(rig.stateOf(station), 'stations', station, 'sockets.json');
    if (!existsSync(path)) return [`tiles of ${station} are missing`];
    const { sockets } = JSON.parse(readFileSync(path, 'utf8')) as {
      sockets: { socket: string; state: string; serial: string; boardId: string }[];
    };
    return sockets
      .filter(({ state, serial, boardId }) => state === 'pass' && !active.has(`${serial} ${boardId}`))
      .map(({ socket, serial }) => `tile ${station}/${socket} says PASS of ${serial}`);
  });
}
