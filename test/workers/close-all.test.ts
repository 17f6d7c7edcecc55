import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { closeAll, openInOrder } from '../../workers/close-all.ts';
import type { Closing } from '../../workers/close-all.ts';

const log = pino({ level: 'silent' });

describe('closeAll', () => {
  it('undoes every step, the newest first, and then throws the first error', async () => {
    const closed: string[] = [];
    const closing: Closing = [
      async () => closed.push('first'),
      async () => {
        closed.push('second');
        throw new Error('second is stuck');
      },
      async () => closed.push('third'),
    ];
    await expect(closeAll(closing)).rejects.toThrow('second is stuck');
    expect(closed).toEqual(['third', 'second', 'first']);
  });
});

describe('openInOrder', () => {
  it('undoes what it did when a later step fails, and throws the error of that step', async () => {
    const closed: string[] = [];
    const opened = openInOrder(log, async (closing) => {
      closing.push(async () => closed.push('server'));
      closing.push(() => Promise.reject(new Error('boards are stuck')));
      await Promise.reject(new Error('no CA'));
    });
    await expect(opened).rejects.toThrow('no CA');
    expect(closed).toEqual(['server']);
  });

  it('leaves all open when every step worked', async () => {
    const closed: string[] = [];
    const stop = await openInOrder(log, async (closing) => {
      closing.push(async () => closed.push('server'));
      return () => closeAll(closing);
    });
    expect(closed).toEqual([]);
    await stop();
    expect(closed).toEqual(['server']);
  });
});
