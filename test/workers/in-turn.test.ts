import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitForLock } from '../../disk/exclusive-lock.ts';
import { inTurn } from '../../workers/in-turn.ts';
import type { TakeLock } from '../../workers/in-turn.ts';
import type { Role } from '../../workers/role.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The lock of a folder, and parts that say when they start and stop. */
function rig(): { takeLock: TakeLock; part: (name: string) => () => Promise<Role>; said: string[] } {
  const path = join(temporaryFolder(), 'lock');
  const said: string[] = [];
  return {
    said,
    takeLock: (onWait, signal) => waitForLock(path, onWait, signal),
    part: (name) => async () => {
      said.push(`${name} starts`);
      const ended = Promise.withResolvers<void>();
      return {
        ended: ended.promise,
        stop: async () => {
          said.push(`${name} stops`);
          ended.resolve();
        },
      };
    },
  };
}

describe('a part that runs in one process at a time', () => {
  it('starts in the second when the first has stopped', async () => {
    const { takeLock, part, said } = rig();
    const first = await inTurn(takeLock, part('first'));
    const second = await inTurn(takeLock, part('second'));
    onTestFinished(() => second.stop());
    expect(said).toEqual(['first starts']);
    await first.stop();
    await expect.poll(() => said).toEqual(['first starts', 'first stops', 'second starts']);
  });

  it('leaves the queue when it is stopped while it waits', async () => {
    const { takeLock, part, said } = rig();
    const first = await inTurn(takeLock, part('first'));
    const second = await inTurn(takeLock, part('second'));
    await second.stop();
    await first.stop();
    const third = await inTurn(takeLock, part('third'));
    await third.stop();
    expect(said).toEqual(['first starts', 'first stops', 'third starts', 'third stops']);
  });

  it('says at once what keeps it from starting, and leaves the lock to others', async () => {
    const { takeLock, part } = rig();
    await expect(inTurn(takeLock, () => Promise.reject(new Error('no folder')))).rejects.toThrow('no folder');
    await (await inTurn(takeLock, part('next'))).stop();
  });

  it('stops where its lock is lost, and starts again in its next turn', async () => {
    const { part, said } = rig();
    const turns = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const released: number[] = [];
    let taken = 0;
    const takeLock: TakeLock = async () => {
      const turn = taken;
      taken += 1;
      return { lost: turns[turn]!.promise, release: () => void released.push(turn) };
    };
    const reading = await inTurn(takeLock, part('part'));
    turns[0]!.resolve();
    await expect.poll(() => said).toEqual(['part starts', 'part stops', 'part starts']);
    expect(released).toEqual([0]);
    await reading.stop();
    await reading.ended;
    expect(said.at(-1)).toBe('part stops');
    expect(released).toEqual([0, 1]);
  });

  it('ends with what keeps it from starting later', async () => {
    const { takeLock, part } = rig();
    const first = await inTurn(takeLock, part('first'));
    const second = await inTurn(takeLock, () => Promise.reject(new Error('no folder')));
    await first.stop();
    await expect(second.ended).rejects.toThrow('no folder');
  });

  it('waits for its turn again after what passes, whether it failed to start or ended', async () => {
    const { takeLock, part, said } = rig();
    const first = await inTurn(takeLock, part('first'));
    const broken = Promise.reject(new Error('taken'));
    broken.catch(() => undefined);
    const starts: (() => Promise<Role>)[] = [
      () => Promise.reject(new Error('unavailable')),
      async () => ({ ...(await part('short')()), ended: broken }),
      part('second'),
    ];
    const passing = (error: unknown): boolean => /unavailable|taken/.test(String(error));
    const second = await inTurn(takeLock, () => starts.shift()!(), passing);
    await first.stop();
    await expect.poll(() => said.at(-1), { timeout: 10_000 }).toBe('second starts');
    expect(said.slice(-3)).toEqual(['short starts', 'short stops', 'second starts']);
    await second.stop();
    expect(said.at(-1)).toBe('second stops');
  });

  it('does not try again what keeps it from starting at first', async () => {
    const { takeLock } = rig();
    const failing = () => Promise.reject(new Error('unavailable'));
    await expect(inTurn(takeLock, failing, () => true)).rejects.toThrow('unavailable');
  });
});
