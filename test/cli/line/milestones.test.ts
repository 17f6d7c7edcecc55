import { describe, expect, it } from 'vitest';
import { Milestones } from '../../../cli/line/milestones.ts';

describe('Milestones', () => {
  it('are told in the order of time, in seconds since the process began', () => {
    const milestones = new Milestones();
    milestones.reach('boards', 1_749);
    milestones.reach('CA', 900);
    milestones.reach('last unit', 61_000);
    expect(milestones.line()).toBe('CA 0.9 s, boards 1.7 s, last unit 61.0 s');
  });

  it('are reached now unless another time is given', () => {
    const milestones = new Milestones();
    const before = performance.now();
    milestones.reach('now');
    const seconds = Number(/^now ([\d.]+) s$/.exec(milestones.line())?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(Math.floor(before / 100) / 10);
    expect(seconds).toBeLessThanOrEqual(Math.ceil(performance.now() / 100) / 10);
  });
});
