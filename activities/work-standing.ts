/** What runs in Temporal now: what somebody says of work that runs is not believed, since it can say so itself. */
export interface WorkStanding {
  /** Whether the workflow of a unit runs. */
  unitRuns(serial: string): Promise<boolean>;
  /** Whether any chunk or unit of a batch runs. It may take seconds until one that has ended is no longer seen. */
  batchRuns(batchId: string): Promise<boolean>;
  /** Whether the orchestrators have the tasks of this run of a workflow. */
  isOrchestrated(run: { readonly workflowId: string; readonly runId: string }): Promise<boolean>;
}
