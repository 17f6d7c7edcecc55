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
    expect(tally.report().attention).toEqual([{ ...waiting('A'), hint: '' }]);
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

describe('units of a chunk that fail one after the other', () => {
  const failed = (serial: string, change: Partial<Attention> = {}): Attention => ({
    ...waiting(serial),
    code: 'STATION_FAULT',
    stationId: 'st-1',
    ...change,
  });
  /** As many units begin as may, and fail like this; how many begin, at most `most`. */
  function failing(tally: ChunkTally, how: (index: number) => Attention, most = 50): number {
    let started = 0;
    for (; tally.mayStart && started < most; started++) {
      tally.start();
      const attention = how(started);
      tally.attend(attention.serial, attention);
    }
    return started;
  }
  const pace = { sequence: 7, window: 1, paused: false };
  const pass = (stationId: string) => ({
    requestId: 'r',
    pass: { stationId, attempt: 1, verifiedAt: '', proven: 'read-back', signature: '' } as const,
  });

  it.each([
    [1, 5],
    [8, 8],
  ])('stop the next ones: of %i under way at once, after %i', (window, stopsAfter) => {
    const tally = tallyOf(250, window);
    expect(failing(tally, (index) => failed(`CL-${index}`))).toBe(stopsAfter);
    expect(tally.report()).toMatchObject({
      brake: { code: 'STATION_FAULT', units: stopsAfter, stations: ['st-1'] },
      draining: false,
    });
  });

  it('stop them at each of several stations together, and where none is known', () => {
    const tally = tallyOf(250, 1);
    const where = ['st-2', 'st-1', undefined];
    failing(tally, (index) => {
      const stationId = where[index % 3];
      return { ...waiting(`CL-${index}`), code: 'ORDER_CLOSED', ...(stationId && { stationId }) };
    });
    expect(tally.report().brake).toEqual({ code: 'ORDER_CLOSED', units: 5, stations: ['st-1', 'st-2'] });
  });

  it('are those that fail with one code, each of them once', () => {
    const tally = tallyOf(250, 1);
    const codes = ['SMP_CRC', 'SMP_TIMEOUT'] as const;
    expect(failing(tally, (index) => failed(`CL-${index}`, { code: codes[index % 2]! }))).toBe(9);
    const again = tallyOf(250, 1);
    for (let time = 0; time < 9; time++) again.attend('CL-1', failed('CL-1'));
    expect(again.mayStart).toBe(true);
  });

  it('are no more where a unit passes at their station, however many pass at others', () => {
    const tally = tallyOf(250, 1);
    failing(tally, (index) => failed(`CL-${index}`));
    tally.report();
    tally.pass(pass('st-2'));
    expect([tally.mayStart, tally.due]).toEqual([false, false]);
    tally.pass(pass('st-1'));
    expect([tally.mayStart, tally.due]).toEqual([true, true]);
    expect(tally.report()).not.toHaveProperty('brake');
    expect(failing(tally, (index) => failed(`CL-9${index}`))).toBe(5);
  });

  it.each([
    ['tried again', (tally: ChunkTally) => tally.releaseBrake(), true],
    ['resumed', (tally: ChunkTally) => tally.setPace({ ...pace, resumed: 7 }), true],
    ['resumed, by an earlier version', (tally: ChunkTally) => tally.setPace(pace), true],
    ['paused', (tally: ChunkTally) => tally.setPace({ ...pace, paused: true, resumed: 0 }), false],
    ['given another window', (tally: ChunkTally) => tally.setPace({ ...pace, window: 4, resumed: 0 }), false],
  ])('are over when a person has them %s', (_how, act, isOver) => {
    const tally = tallyOf(250, 1);
    failing(tally, (index) => failed(`CL-${index}`));
    act(tally);
    expect(tally.report().brake === undefined).toBe(isOver);
  });

  it('are resumed once: what a person changes after that lets no other ones start', () => {
    const tally = tallyOf(250, 1);
    failing(tally, (index) => failed(`CL-${index}`));
    tally.setPace({ ...pace, resumed: 7 });
    expect(failing(tally, (index) => failed(`CL-9${index}`))).toBe(5);
    tally.setPace({ ...pace, sequence: 8, priority: 1, resumed: 7 });
    expect(tally.mayStart).toBe(false);
    tally.setPace({ ...pace, sequence: 9, resumed: 9 });
    expect(tally.mayStart).toBe(true);
  });

  it('are no more when a person has decided about one of them', () => {
    const tally = tallyOf(250, 1);
    failing(tally, (index) => failed(`CL-${index}`));
    tally.report();
    tally.end('CL-0', 'HOLD');
    expect([tally.mayStart, tally.due]).toEqual([true, true]);
    failing(tally, (index) => failed(`CL-9${index}`));
    expect(tally.mayStart).toBe(false);
    tally.attend('CL-1', null);
    expect(tally.report()).not.toHaveProperty('brake');
  });

  it('stop nothing in a chunk of an earlier version that is replayed', () => {
    const tally = new ChunkTally({ chunk: 1, window: 1 }, () => false);
    tally.expect(20);
    expect(failing(tally, (index) => failed(`CL-${index}`), 20)).toBe(20);
    expect(tally.report()).toMatchObject({ draining: true });
  });

  it('are not named once all have ended', () => {
    const tally = tallyOf(5, 1);
    failing(tally, (index) => failed(`CL-${index}`));
    for (let index = 0; index < 5; index++) tally.end(`CL-${index}`, 'HOLD');
    expect(tally.report()).not.toHaveProperty('brake');
  });
});
