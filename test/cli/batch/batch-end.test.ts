import { describe, expect, it } from 'vitest';
import { BatchEnd } from '../../../cli/batch/batch-end.ts';
import type { BatchStanding } from '../../../cli/batch/batch-standing.ts';
import type { BatchProgress } from '../../../provisioning/batch.ts';

/** A batch of two units, of which one has passed and the other is under way. */
const UNDER_WAY: BatchProgress = {
  batchId: 'PO-1-x',
  order: 'PO-1',
  manifest: 'lot-1.csv',
  quantity: 2,
  chunks: 1,
  openChunks: 1,
  started: 2,
  passed: 1,
  failed: 0,
  errors: 0,
  held: 0,
  attention: [],
  refused: false,
};

const running = (progress: BatchProgress | undefined): BatchStanding => ({ status: 'RUNNING', progress });
const oneWaits: BatchProgress = {
  ...UNDER_WAY,
  attention: [
    { serial: 'CL-2', step: 'flashCredentials', attempt: 1, code: 'SMP_TIMEOUT', hint: 'Check the cable.' },
  ],
};

function reachedBy(end: BatchEnd, ...looks: BatchStanding[]): (BatchProgress | undefined)[] {
  return looks.map((look) => end.reached(look, 'PO-1-x'));
}

describe('the end of a batch', () => {
  it('is reached when its workflow has completed', () => {
    const all = { ...UNDER_WAY, passed: 2 };
    const end = new BatchEnd({ isPatient: true });
    expect(reachedBy(end, running(all), { status: 'COMPLETED', progress: all })).toEqual([undefined, all]);
  });

  it('is reached at the second look at units that wait, since a rerun takes a moment', () => {
    const end = new BatchEnd({ isPatient: false });
    const looks = [running(oneWaits), running(UNDER_WAY), running(oneWaits), running(oneWaits)];
    expect(reachedBy(end, ...looks)).toEqual([undefined, undefined, undefined, oneWaits]);
  });

  it('is not reached by units that wait for somebody who is there', () => {
    const end = new BatchEnd({ isPatient: true });
    expect(reachedBy(end, running(oneWaits), running(oneWaits))).toEqual([undefined, undefined]);
  });

  it('is not reached while nobody answers', () => {
    const end = new BatchEnd({ isPatient: false });
    expect(reachedBy(end, running(undefined), running(undefined))).toEqual([undefined, undefined]);
  });

  it.each(['CANCELLED', 'TERMINATED', 'FAILED', 'TIMED_OUT'] as const)(
    'is an error when it is %s',
    (status) => {
      const end = new BatchEnd({ isPatient: true });
      expect(() => end.reached({ status, progress: undefined }, 'PO-1-x')).toThrow(
        expect.objectContaining({ reason: 'notAllPassed' }) as Error,
      );
    },
  );
});
