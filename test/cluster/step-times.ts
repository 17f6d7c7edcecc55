import type { Client } from '@temporalio/client';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';

/** Milliseconds of a step, from when it was asked for to its end, over all units of a lot. */
export interface StepTimes {
  readonly step: string;
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** The steps of these units, from their histories; a step that was tried again has all its tries in it. */
export async function stepTimes(client: Client, serials: readonly string[]): Promise<StepTimes[]> {
  const times = new Map<string, number[]>();
  for (const serial of serials) {
    const { events } = await client.workflow.getHandle(unitWorkflowId(serial)).fetchHistory();
    for (const { eventTime, activityTaskCompletedEventAttributes: end } of events ?? []) {
      const asked = events?.find(({ eventId }) => String(eventId) === String(end?.scheduledEventId));
      const step = asked?.activityTaskScheduledEventAttributes?.activityType?.name;
      if (step == null) continue;
      times.set(step, [...(times.get(step) ?? []), milliseconds(eventTime) - milliseconds(asked?.eventTime)]);
    }
  }
  return [...times].map(([step, all]) => {
    const sorted = all.toSorted((one, other) => one - other);
    const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1]!);
    return { step, medianMs: at(0.5), p95Ms: at(0.95) };
  });
}

interface Timestamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

function milliseconds(time: Timestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
