/** The roles of a line that can run in processes of their own. */
export const WORKER_ROLES = ['orchestrator', 'signer', 'station'] as const;

export type WorkerRole = (typeof WORKER_ROLES)[number];
