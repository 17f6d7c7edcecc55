import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory, WorkerInterceptors } from '@temporalio/worker';
import type { LineMetrics } from '../monitoring/line-metrics.ts';

/** Measures every try of every activity of a worker. A try that is cancelled, as its unit is, says nothing. */
export function stepMeter(metrics: LineMetrics): Required<Pick<WorkerInterceptors, 'activity'>> {
  const factory: ActivityInterceptorsFactory = ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        const begun = performance.now();
        const tried = { step: info.activityType, seconds: 0 };
        try {
          const result = await next(input);
          metrics.stepTried({ ...tried, seconds: (performance.now() - begun) / 1_000 });
          return result;
        } catch (error) {
          const failure = failureOf(error);
          if (failure !== undefined) metrics.stepTried({ ...tried, failure });
          throw error;
        }
      },
    },
  });
  return { activity: [factory] };
}

function failureOf(error: unknown): { readonly code: string; readonly isRetried: boolean } | undefined {
  if (error instanceof CancelledFailure) return undefined;
  if (!(error instanceof ApplicationFailure)) return { code: 'UNKNOWN', isRetried: true };
  return { code: error.type ?? 'UNKNOWN', isRetried: error.nonRetryable !== true };
}
