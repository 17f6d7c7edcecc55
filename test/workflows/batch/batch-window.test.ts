import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchInput, ChunkReport } from '../../../provisioning/batch.ts';
import type { FailureCode } from '../../../provisioning/failure-table.ts';
import { BatchWindow } from '../../../workflows/batch/batch-window.ts';

const input = (quantity: number): BatchInput => ({
  batchId: 'B',
  order: 'O',
  manifest: 'm.csv',
  manifestSha256: '',
  quantity,
  window: 4,
});

const report = (chunk: number, change: Partial<ChunkReport> = {}): ChunkReport => ({
  chunk,
  sequence: 1,
  units: 250,
  started: 250,
  passed: 250,
  failed: 0,
  errors: 0,
  held: 0,
  attention: [],
  draining: true,
  refused: false,
  finished: true,
  ...change,
});

describe('the window of a batch', () => {
  it('starts a chunk only when every open one leaves room', () => {
    const window = new BatchWindow(input(600));
    expect(window.takeNext()).toBe(1);
    expect(window.takeNext()).toBeUndefined();
    window.hear(report(1, { passed: 200, finished: false }));
    expect(window.takeNext()).toBe(2);
    expect(window.takeNext()).toBeUndefined();
  });

  it('starts no chunk while ten thousand units wait, which is what one batch can carry as it continues as new', () => {
    const serial = (at: number): string => `SERIAL-NUMBER-OF-40-CHARACTERS-${String(at).padStart(9, '0')}`;
    const waiting = (from: number): ChunkReport['attention'] =>
      Array.from({ length: 250 }, (_, at) => ({
        serial: serial(from + at),
        code: 'WITNESS_UNAVAILABLE',
        step: 'verifyReadback',
        attempt: 1_000,
        hint: '',
        stationId: 'station-1',
        socket: 'A2',
      }));
    const window = new BatchWindow(input(20_000));
    let chunk = window.takeNext();
    for (; chunk !== undefined; chunk = window.takeNext())
      window.hear(report(chunk, { passed: 0, finished: false, attention: waiting(250 * chunk) }));
    expect(window.openChunks).toHaveLength(40);
    expect(JSON.stringify(window.resume).length).toBeLessThan(2_000_000);
    window.hear(report(7, { sequence: 2 }));
    expect(window.takeNext()).toBe(41);
  });

  it('names the units that wait by their chunk, all or those that a filter chooses', () => {
    const waits = (serial: string, code: FailureCode) =>
      ({ serial, code, step: 'flashCredentials', attempt: 1, hint: '' }) as const;
    const window = new BatchWindow(input(600));
    const open = { passed: 0, finished: false };
    for (const chunk of [1, 2, 3]) {
      window.takeNext();
      window.hear(report(chunk, open));
    }
    window.hear(report(1, { ...open, sequence: 2, attention: [waits('CL-1', 'SMP_TIMEOUT')] }));
    const second = [waits('CL-251', 'BOARD_GONE'), waits('CL-252', 'SMP_TIMEOUT')];
    window.hear(report(2, { ...open, sequence: 2, attention: second }));
    const all = new Map([
      [1, ['CL-1']],
      [2, ['CL-251', 'CL-252']],
    ]);
    expect(window.waiting()).toEqual(all);
    expect(window.waiting({ codes: ['BOARD_GONE'] })).toEqual(new Map([[2, ['CL-251']]]));
    expect(window.waiting({ serials: ['CL-1', 'CL-9'] })).toEqual(new Map([[1, ['CL-1']]]));
    expect(window.waiting({ codes: ['BOARD_GONE'], serials: ['CL-1'] })).toEqual(new Map());
  });

  it('starts no chunk while it is paused, also after it continues as new', () => {
    const decision = { verdict: 'pause', by: 'A. Berg', decidedAt: '2026-01-01T00:00:00.000Z' };
    let window = new BatchWindow(input(600));
    window.takeNext();
    window.hear(report(1));
    window.setWidth(9);
    window.setPause(decision);
    const paused = window.pace!;
    expect(paused).toMatchObject({ window: 9, paused: true });
    window = new BatchWindow({ ...input(600), resume: structuredClone(window.resume) });
    expect(window.progress).toMatchObject({ window: 9, pause: decision });
    expect([window.canStart, window.takeNext(), window.finished]).toEqual([false, undefined, false]);
    window.setPause(undefined);
    expect(window.pace).toMatchObject({ window: 9, paused: false });
    expect(window.pace!.sequence).toBeGreaterThan(paused.sequence);
    expect(window.progress.pause).toBeUndefined();
    expect(window.takeNext()).toBe(2);
  });

  it('keeps a priority that was changed when it continues as new, and when its width changes', () => {
    expect(new BatchWindow(input(600)).priority).toBeUndefined();
    let window = new BatchWindow({ ...input(600), priority: 2 });
    expect(window.progress).toMatchObject({ priority: 2 });
    expect(window.resume).not.toHaveProperty('pace');
    window.setPriority(5);
    window.setWidth(9);
    window = new BatchWindow({ ...input(600), priority: 2, resume: structuredClone(window.resume) });
    window.setPause({ verdict: 'pause', decidedAt: '2026-01-01T00:00:00.000Z' });
    expect(window.pace).toMatchObject({ window: 9, priority: 5, paused: true });
    expect(window.progress).toMatchObject({ priority: 5, window: 9 });
  });

  it('ignores reports that are old, repeated or of no open chunk', () => {
    const window = new BatchWindow(input(250));
    window.takeNext();
    window.hear(report(1, { sequence: 3, passed: 120, finished: false }));
    window.hear(report(1, { sequence: 2, passed: 80, finished: false }));
    window.hear(report(7));
    expect(window.progress).toMatchObject({ passed: 120, openChunks: 1 });
    window.hear(report(1, { sequence: 4 }));
    window.hear(report(1, { sequence: 5 }));
    expect(window.progress).toMatchObject({ passed: 250, openChunks: 0 });
    expect(window.finished).toBe(true);
  });

  it('counts every unit once, however reports come and wherever it continues as new', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.tuple(fc.nat(9), fc.boolean(), fc.boolean()), { maxLength: 60 }),
        (chunks, moves) => {
          let window = new BatchWindow(input(chunks * 250));
          const sequence = new Map<number, number>();
          const tell = (chunk: number, finished: boolean) => {
            const next = (sequence.get(chunk) ?? 0) + 1;
            sequence.set(chunk, next);
            window.hear(report(chunk, { sequence: next, passed: finished ? 250 : 100, finished }));
          };
          const ended = new Set<number>();
          for (const [pick, finished, anew] of moves) {
            window.takeNext();
            const chunk = window.openChunks[pick % Math.max(1, window.openChunks.length)];
            if (chunk !== undefined) tell(chunk, finished);
            if (chunk !== undefined && finished) ended.add(chunk);
            if (anew)
              window = new BatchWindow({ ...input(chunks * 250), resume: structuredClone(window.resume) });
          }
          while (!window.finished) {
            window.takeNext();
            for (const chunk of window.openChunks) tell(chunk, true);
          }
          expect(window.progress).toMatchObject({
            passed: chunks * 250,
            started: chunks * 250,
            openChunks: 0,
          });
        },
      ),
    );
  });
});
