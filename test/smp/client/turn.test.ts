import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turn } from '../../../smp/client/turn.ts';

/** Tasks that end when they are told to, and what has begun so far. */
class Tasks {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  task(name: string): () => Promise<string> {
    return async () => {
      this.begun.push(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ends.set(name, resolve);
      await promise;
      return name;
    };
  }

  end(name: string): void {
    this.#ends.get(name)?.();
  }
}

describe('Turn', () => {
  it('begins at once when nobody is before, also after earlier tasks', async () => {
    const [turn, tasks] = [new Turn('port'), new Tasks()];
    for (const name of ['first', 'second']) {
      const run = turn.run(tasks.task(name));
      expect(tasks.begun.at(-1)).toBe(name);
      tasks.end(name);
      expect(await run).toBe(name);
    }
  });

  it('lets one at a time run, in the order of asking', async () => {
    const [turn, tasks] = [new Turn('port'), new Tasks()];
    const runs = ['first', 'second', 'third'].map(async (name) => await turn.run(tasks.task(name)));
    await setImmediate();
    expect(tasks.begun).toEqual(['first']);
    tasks.end('first');
    await setImmediate();
    expect(tasks.begun).toEqual(['first', 'second']);
    tasks.end('second');
    await setImmediate();
    tasks.end('third');
    expect(await Promise.all(runs)).toEqual(['first', 'second', 'third']);
  });

  it('keeps a later task behind the running one when the one between gives up', async () => {
    const [turn, tasks] = [new Turn('port'), new Tasks()];
    const controller = new AbortController();
    const first = turn.run(tasks.task('first'));
    const second = turn.run(tasks.task('second'), { signal: controller.signal });
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'SMP_CANCELLED' });
    const third = turn.run(tasks.task('third'));
    await setImmediate();
    expect(tasks.begun).toEqual(['first']);
    tasks.end('first');
    expect(await first).toBe('first');
    await setImmediate();
    expect(tasks.begun).toEqual(['first', 'third']);
    tasks.end('third');
    expect(await third).toBe('third');
  });
});
