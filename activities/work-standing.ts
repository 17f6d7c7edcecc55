import type { RunningWork } from '../registry/work-of-run.ts';

/** What runs in Temporal now: what somebody says of work that runs is not believed, since it can say so itself. */
export interface WorkStanding {
  /** Whether the workflow of a unit runs. */
  unitRuns(serial: string): Promise<boolean>;
  /**
   * The chunks and units of a batch that run, of all of its runs. It may take seconds until one that has ended is no longer
   * seen.
   */
  running(batchId: string): AsyncIterable<RunningWork>;
  /** Whether the orchestrators have the tasks of this run of a workflow. */
  isOrchestrated(run: { readonly workflowId: string; readonly runId: string }): Promise<boolean>;
}
