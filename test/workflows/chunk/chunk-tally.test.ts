import { describe, expect, it } from 'vitest';
import type { Attention } from '../../../provisioning/unit.ts';
import { ChunkTally } from '../../../workflows/chunk/chunk-tally.ts';

const waiting = (serial: string): Attention => ({
  serial,
  code: 'SMP_TIMEOUT',
  step: 'flashCredentials',
  attempt: 1,
  hint: 'Reseat it.',
});

function tallyOf(units: number, window: number): ChunkTally {
  const tally = new ChunkTally({ chunk: 1, window });
  tally.expect(units);
  return tally;
}

describe('the tally of a chunk', () => {
  it('gives the place of a unit that waits to another one', () => {
    const tally = tallyOf(3, 1);
    tally.start();
    expect(tally.roomForOne).toBe(false);
    tally.attend('A', waiting('A'));
    expect(tally.roomForOne).toBe(true);
    tally.attend('A', null);
    expect(tally.roomForOne).toBe(false);
  });

  it('is draining once all are started and the window has room', () => {
    const tally = tallyOf(2, 2);
    tally.start();
    tally.start();
    expect(tally.draining).toBe(false);
    tally.end('A', 'PASS');
    expect(tally.draining).toBe(true);
    expect(tally.finished).toBe(false);
  });

  it('reports ten times in a chunk, and at once what people wait for', () => {
    const tally = tallyOf(250, 250);
    let reports = 0;
    for (let unit = 0; unit < 249; unit++) {
      tally.start();
      tally.end(String(unit), 'PASS');
      if (tally.due) {
        tally.report();
        reports++;
      }
    }
    expect(reports).toBe(9);
    tally.attend('A', waiting('A'));
    expect(tally.due).toBe(true);
    expect(tally.report().attention).toEqual([waiting('A')]);
    expect(tally.due).toBe(false);
  });

  it('forgets the wait of a unit that ended', () => {
    const tally = tallyOf(1, 1);
    tally.start();
    tally.attend('A', waiting('A'));
    tally.end('A', 'HOLD');
    expect(tally.report()).toMatchObject({ attention: [], held: 1, finished: true });
    expect(tally.waiting(['A'])).toEqual([]);
  });

  it('counts its reports', () => {
    const tally = tallyOf(1, 1);
    expect([tally.report().sequence, tally.report().sequence]).toEqual([1, 2]);
  });

  it('that is refused has all its units waiting until one of them is asked for again', () => {
    const tally = tallyOf(2, 2);
    tally.refuse([waiting('A'), waiting('B')]);
    expect(tally.due).toBe(true);
    expect(tally.report()).toMatchObject({ started: 2, refused: true, draining: false, finished: false });
    expect(tally.attention).toHaveLength(2);
    expect(tally.waiting(['A', 'B'])).toEqual([]);
    tally.askAgain(['C']);
    expect(tally.isRefused).toBe(true);
    tally.askAgain(['B']);
    expect(tally.due).toBe(true);
    expect(tally.report()).toMatchObject({ started: 0, refused: false, attention: [] });
  });

  it('starts no unit while it is paused, and obeys the newest pace only', () => {
    const tally = tallyOf(9, 2);
    tally.start();
    tally.setPace({ sequence: 2, window: 2, paused: true });
    expect(tally.due).toBe(true);
    expect([tally.mayStart, tally.roomForOne]).toEqual([false, true]);
    tally.setPace({ sequence: 1, window: 8, paused: false });
    expect(tally.mayStart).toBe(false);
    tally.setPace({ sequence: 3, window: 1, paused: false });
    expect(tally.mayStart).toBe(false);
    tally.setPace({ sequence: 4, window: 3, paused: false });
    expect(tally.mayStart).toBe(true);
  });
});
