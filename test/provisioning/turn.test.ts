import { describe, expect, it } from 'vitest';
import { Turn } from '../../provisioning/turn.ts';

describe('a turn', () => {
  it('lets one piece of work run at a time, in order, however the earlier ones end', async () => {
    const turn = new Turn();
    const told: string[] = [];
    const work = (name: string) => async () => {
      told.push(`${name} begins`);
      await Promise.resolve();
      told.push(`${name} ends`);
      if (name === 'a') throw new Error('a failed');
    };
    const all = await Promise.allSettled([turn.run(work('a')), turn.run(work('b'))]);
    expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(turn.busy).toBe(false);
  });

  it('never starts what was aborted while it waited', async () => {
    const turn = new Turn();
    const stop = new AbortController();
    const first = Promise.withResolvers<void>();
    const running = turn.run(() => first.promise);
    let started = false;
    const waiting = turn.run(async () => {
      started = true;
    }, stop.signal);
    stop.abort(new Error('no longer needed'));
    first.resolve();
    await expect(waiting).rejects.toThrow('no longer needed');
    await running;
    expect(started).toBe(false);
  });
});
