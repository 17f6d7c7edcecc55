import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Station } from '../../fixtures/station/station.ts';
import { followBoardQueues } from '../../workers/board-queues.ts';
import { until } from '../support/until.ts';

it('a station ends when the worker of one of its boards fails, and not when that board has left', async () => {
  const boards = new Set(['board/a', 'board/b']);
  const changes = new EventEmitter();
  const station = {
    id: 'st-1',
    changes,
    get ownQueues() {
      return [...boards];
    },
    capacity: (queue: string) => Number(boards.has(queue)),
  } as unknown as Station;
  const workers = new Map<string, PromiseWithResolvers<void>>();
  const queues = followBoardQueues(station, pino({ enabled: false }), async (queue) => {
    const run = Promise.withResolvers<void>();
    workers.set(queue, run);
    return { ended: run.promise, stop: async () => run.resolve() };
  });
  changes.emit('change');
  await until('both boards have a worker', () => workers.size === 2);
  boards.delete('board/a');
  changes.emit('change');
  await workers.get('board/a')!.promise;
  workers.get('board/b')!.reject(new Error('refused'));
  await expect(queues.ended).rejects.toThrow('refused');
  await queues.stop();
});
