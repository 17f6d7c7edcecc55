import type { Client } from '@temporalio/client';
import { hasGrpcStatus } from './server/grpc-status.ts';

/** A workflow that runs and cannot continue: its workflow task has failed several times in a row. */
export interface StuckWorkflow {
  readonly workflowId: string;
  /** In Temporal's words: `NonDeterministicError`, for example. */
  readonly cause: string;
}

/** The server sets it after five failures, which takes about a minute: `TemporalReportedProblems`, since server 1.30. */
const QUERY = 'ExecutionStatus = "Running" AND TemporalReportedProblems IS NOT NULL';
const CAUSE = /^cause=(?:WorkflowTask(?:Failed|TimedOut)Cause)?(.+)$/;
const NON_DETERMINISM = 'NonDeterministicError';

/** Of a line; none where the server is too old to say so. Throws what the client throws. */
export async function stuckWorkflows({ workflow }: Client): Promise<StuckWorkflow[]> {
  const stuck: StuckWorkflow[] = [];
  try {
    for await (const { workflowId, raw } of workflow.list({ query: QUERY }))
      stuck.push({ workflowId, cause: causeIn(raw.searchAttributes?.indexedFields) });
  } catch (error) {
    if (!hasGrpcStatus(error, 'INVALID_ARGUMENT')) throw error;
  }
  return stuck;
}

function causeIn(fields: Record<string, { data?: Uint8Array | null }> | null | undefined): string {
  const data = fields?.['TemporalReportedProblems']?.data;
  const problems = data ? (JSON.parse(Buffer.from(data).toString()) as string[]) : [];
  return problems.flatMap((problem) => CAUSE.exec(problem)?.[1] ?? []).join(', ');
}

const NAMED = 5;

/** A sentence for all that are stuck for the same cause, with the way out. */
export function troubleOfStuck(stuck: readonly StuckWorkflow[]): string[] {
  return [...Map.groupBy(stuck, ({ cause }) => cause)].map(([cause, those]) => {
    const ids = those.slice(0, NAMED).map(({ workflowId }) => workflowId);
    const more = those.length > NAMED ? ` and ${those.length - NAMED} more` : '';
    const way =
      cause === NON_DETERMINISM
        ? 'another version of Certline began it: run that version until its batch ends (docs/upgrades.md)'
        : "read the orchestrator's log";
    return `${ids.join(', ')}${more} cannot continue (${cause}): ${way}`;
  });
}
