import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { batchWorkflowId, runIdOf, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { RolesRig } from '../end-to-end/roles-rig.ts';
import { recordOf } from './lot.ts';
import type { Lot } from './lot.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
}

const COUNTED = { passed: 'PASS', failed: 'FAIL', errors: 'ERROR', held: 'HOLD' } as const;

/** What Temporal says of a lot that is quiet, and the registry does not. */
export async function temporalViolations(lot: Lot): Promise<string[]> {
  const sql = 'SELECT serial, outcome FROM units WHERE batch_id = $batch';
  const units = recordOf<{ serial: string; outcome: string }>(lot, sql);
  const numbers = recordOf<{ number: number }>(
    lot,
    'SELECT number FROM supplements WHERE batch_id = $batch',
  ).map(({ number }) => number);
  const found = await Promise.all(units.map((unit) => unitDiffers(lot, unit)));
  const runs = await Promise.all([undefined, ...numbers].map((number) => runDiffers(lot, number)));
  return [...found.flat(), ...runs.flat()];
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

/** The counts of a run are those of its end: what supplements and reworks changed later is taken back. */
async function runDiffers(lot: Lot, number: number | undefined): Promise<string[]> {
  const runId = runIdOf(lot.batchId, number);
  const handle = lot.client.workflow.getHandle(batchWorkflowId(runId));
  try {
    const { status, closeTime } = await handle.describe();
    // A run that was terminated has the last that it knew.
    if (status.name === 'TERMINATED') return [];
    const said: Counts =
      status.name === 'COMPLETED'
        ? ((await handle.result()) as Counts)
        : await handle.query<Counts>('progress');
    const outcomes = outcomesAt(lot, number, (await countedAt(handle)) ?? closeTime!.toISOString());
    const differs = Object.entries(COUNTED).some(([key, outcome]) => {
      const least = outcomes.filter((each) => each === outcome).length;
      const open = outcomes.filter((each) => each === undefined).length;
      return said[key as keyof Counts] < least || said[key as keyof Counts] > least + open;
    });
    if (!differs) return [];
    const { passed, failed, errors, held } = said;
    const counts = JSON.stringify({ passed, failed, errors, held });
    return [`T: ${runId} (${status.name}) counts ${counts}, the record has ${outcomes.join()}`];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

/** When the registry counted. A run that was reset after that says what it had said before. */
async function countedAt(handle: WorkflowHandle): Promise<string | undefined> {
  const { events } = await handle.fetchHistory();
  const closings = events!.filter(
    ({ activityTaskScheduledEventAttributes: task }) => task?.activityType?.name === 'closeBatch',
  );
  const counted = events!.findLast(({ activityTaskCompletedEventAttributes: task }) =>
    closings.some(({ eventId }) => task?.scheduledEventId?.eq(eventId!)),
  );
  const { seconds, nanos } = counted?.eventTime ?? {};
  return seconds ? new Date(Number(seconds) * 1000 + (nanos ?? 0) / 1e6).toISOString() : undefined;
}

interface Change {
  readonly serial: string;
  readonly number: number | null;
  /** How the unit had ended before, and when that changed. */
  readonly before: string;
  readonly at: string;
  /** Until when it was open; null: it is. */
  readonly until: string | null;
}

/** How each unit of a run stood at a time; undefined for one that may have been open, or ended otherwise. */
function outcomesAt(lot: Lot, number: number | undefined, at: string): (string | undefined)[] {
  const changes = recordOf<Change>(
    lot,
    `SELECT serial, number, supplement_units.outcome AS before, opened_at AS at, closed_at AS until
       FROM supplement_units JOIN supplements USING (batch_id, number) JOIN units USING (unit_id) WHERE supplements.batch_id = $batch
     UNION ALL SELECT serial, NULL, 'PASS', ended_at, ended_at FROM rework_units JOIN units USING (unit_id)
       WHERE batch_id = $batch AND result <> 'kept' ORDER BY 4`,
  );
  const units = recordOf<{ serial: string; outcome: string }>(
    lot,
    `SELECT serial, outcome FROM units WHERE batch_id = $batch`,
  );
  const own =
    number === undefined
      ? units
      : units.filter((unit) =>
          changes.some((change) => change.number === number && change.serial === unit.serial),
        );
  return own.map(({ serial, outcome }) => {
    const ofUnit = changes.filter((change) => change.serial === serial);
    const isOpen = ofUnit.some(
      (change) => change.number !== (number ?? null) && change.at <= at && (change.until ?? '9') > at,
    );
    return isOpen ? undefined : (ofUnit.find((change) => change.at > at)?.before ?? outcome);
  });
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
