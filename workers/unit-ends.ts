import type { Logger } from 'pino';
import type { UnitEnds } from '../activities/unit-ends.ts';
import type { LineMetrics } from '../monitoring/line-metrics.ts';

/** Counts the units that end, and writes one text line of the log for each; for those that end with their batch, one for all. */
export function unitEnds(metrics: LineMetrics, log: Logger): UnitEnds {
  return {
    unit: (end) => {
      // It was counted when it passed.
      if (end.reworkId === undefined) metrics.unitEnded(end);
      log.info(end, 'unit ended');
    },
    units: (end) => {
      metrics.unitEnded({ ...end, count: end.units });
      log.info(end, 'units ended with their batch');
    },
  };
}
