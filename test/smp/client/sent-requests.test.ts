import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SentRequests } from '../../../smp/client/sent-requests.ts';

function sent(...sequences: readonly number[]): SentRequests {
  const requests = new SentRequests();
  for (const sequence of sequences) {
    requests.add({ sequence, pace: 'quick', atMs: performance.now(), frameBytes: 20, isLong: false });
  }
  return requests;
}

describe('the requests that a board has not answered', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are three at most by default, and as many as its buffers take where it names them', () => {
    expect(sent(1, 2).hasRoom(0)).toBe(true);
    expect(sent(1, 2, 3).hasRoom(0)).toBe(false);
    expect(sent(1, 2).hasRoom(1)).toBe(false);
    const requests = sent(1, 2, 3, 4);
    requests.learnBuffers(8);
    expect(requests.hasRoom(0)).toBe(true);
    const few = sent(1);
    few.learnBuffers(1);
    expect(few.hasRoom(0)).toBe(true);
  });

  it('are fewer after an answer, which was for all that went out before it', () => {
    const requests = sent(1, 2, 3);
    expect(requests.answered(9)).toBeUndefined();
    expect(requests.answered(2)).toMatchObject({ sequence: 2 });
    expect(requests.count).toBe(1);
  });

  it('are forgotten when the board starts, and after the longest that any may take', () => {
    const requests = sent(1, 2, 3);
    vi.advanceTimersByTime(29_000);
    expect(requests.hasRoom(0)).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(requests.hasRoom(0)).toBe(true);
    const started = sent(1, 2, 3);
    started.forget();
    expect(started.count).toBe(0);
  });
});
