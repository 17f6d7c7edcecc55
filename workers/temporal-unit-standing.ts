import { WorkflowFailedError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import type { SeenCertificate, Standing, UnitStanding } from '../fixtures/station/unit-standing.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import type { UnitReport, UnitState } from '../provisioning/unit.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';
import { temporalWorkStanding } from './temporal-work-standing.ts';
import { workflowDescription } from '../temporal/workflow-description.ts';

/** The state of units, from Temporal. */
export function temporalUnitStanding(client: Client, log: Logger): UnitStanding {
  const work = temporalWorkStanding(client);
  const descriptionOf = (serial: string): Promise<WorkflowExecutionDescription | undefined> =>
    workflowDescription(client, unitWorkflowId(serial));
  const standing: UnitStanding['standing'] = async (seen) => {
    const description = await descriptionOf(seen.serial);
    if (description === undefined) return 'unknown';
    if (isUnderWay(description))
      return description.memo?.['certificateSha256'] === seen.certificateSha256 ? 'rework' : 'open';
    // Only a unit that has recorded its end as HOLD ends as cancelled; it leaves no report.
    if (description.status.name === 'CANCELLED' && description.type === 'unit') return 'closed';
    const report = await reportOf(client, description);
    return report ? standingBy(report, seen) : 'unknown';
  };
  return {
    standing,
    isReworked: async (serial) => {
      try {
        const description = await descriptionOf(serial);
        return description !== undefined && isUnderWay(description) && description.type === 'reworkUnit';
      } catch (error) {
        log.warn({ serial, err: error }, 'cannot find out whether the unit is reworked');
        return true;
      }
    },
    holds: async (serial, boardId) => {
      try {
        const description = await descriptionOf(serial);
        if (description === undefined || !isUnderWay(description)) return false;
        const handle = client.workflow.getHandle(unitWorkflowId(serial));
        const state = await handle.query<UnitState>(MESSAGES.state);
        return state.boardId === boardId && state.attention === undefined;
      } catch (error) {
        log.warn({ serial, boardId, err: error }, 'cannot find out whether the unit still has its board');
        return true;
      }
    },
    isOrchestrated: (run) => work.isOrchestrated(run),
  };
}

/** A workflow that somebody has paused continues when it is unpaused. */
function isUnderWay({ status }: WorkflowExecutionDescription): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED';
}

/**
 * What a unit has said of itself at its end. Undefined for one that said nothing: it was terminated, or an error of its own
 * stopped it. Then the registry alone knows whether it has passed.
 */
async function reportOf(
  client: Client,
  { workflowId, runId, status }: WorkflowExecutionDescription,
): Promise<UnitReport | undefined> {
  if (status.name !== 'COMPLETED' && status.name !== 'FAILED') return undefined;
  try {
    // Of this very run: a rework may have begun meanwhile, and its end is hours away.
    return (await client.workflow.getHandle(workflowId, runId).result()) as UnitReport;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    return cause instanceof ApplicationFailure ? (cause.details?.[0] as UnitReport | undefined) : undefined;
  }
}

function standingBy(report: UnitReport, { certificateSha256, boardId }: SeenCertificate): Standing {
  if (report.outcome !== 'PASS' || report.fingerprint !== certificateSha256) return 'closed';
  // A unit of an earlier version does not say on which board it passed.
  return (report.boardId ?? boardId) === boardId ? 'passed' : 'counterfeit';
}
