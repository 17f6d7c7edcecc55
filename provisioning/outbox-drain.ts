/** Drains the outbox of one device registry; its workflow has the same name on the wire. */
export const DRAIN_WORKFLOW = 'deviceRegistry';

export interface DrainInput {
  /** Name of the device registry. */
  readonly registry: string;
}

/** How the outbox of a device registry is after a drain. */
export interface DrainReport {
  /** False where the configuration has no such device registry any more. */
  readonly isConfigured: boolean;
  /** Certificates that are due or wait, those that are parked, and since when the oldest is there. */
  readonly waiting: number;
  readonly parked: number;
  readonly oldestAt?: string;
  /** Why nothing is sent. */
  readonly trouble?: string;
}

/** Served on `registry`. */
export interface OutboxActivities {
  drainOutbox(input: DrainInput): Promise<DrainReport>;
}

/** There is one workflow for each device registry, so that nobody drains twice. */
export function deviceRegistryWorkflowId(registry: string): string {
  return `device-registry/${registry}`;
}
