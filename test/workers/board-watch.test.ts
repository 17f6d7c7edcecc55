import { expect, it } from 'vitest';
import { boardTroubles } from '../../workers/board-watch.ts';
import type { SeenUnit } from '../../workers/board-watch.ts';

const NOW = new Date('2026-01-01T01:00:00.000Z');
const MINUTE_AGO = new Date('2026-01-01T00:59:00.000Z');

const rules = (...listed: string[]) => ({ listed: new Set(listed), served: new Map<string, Date>() });

const unit = (batchId: string, product: string, secondsAgo: number): SeenUnit => ({
  workflowId: `unit/${batchId}-${product}-${secondsAgo}`,
  batchId,
  product,
  startedAt: new Date(NOW.getTime() - secondsAgo * 1_000),
});

it('tells each batch which of its products no socket takes, once nothing of them moves for a minute', async () => {
  const units = [
    unit('PO-1', 'stuck', 61),
    unit('PO-1', 'stuck', 90),
    unit('PO-1', 'younger', 90),
    unit('PO-1', 'younger', 59),
    unit('PO-2', 'worked-on', 90),
    unit('PO-2', 'worked-on', 120),
    unit('PO-2', 'stuck', 75),
  ];
  const worksOn = async ({ workflowId }: SeenUnit) => workflowId.endsWith('worked-on-120');
  const found = await boardTroubles(units, MINUTE_AGO, worksOn, rules());
  expect(found.map(({ batchId, trouble }) => [batchId, trouble.code])).toEqual([
    ['PO-1', 'NO_BOARD'],
    ['PO-2', 'NO_BOARD'],
  ]);
  expect(found[0]!.trouble.says).toContain('product stuck');
  expect(found[0]!.trouble.says).toContain('certline batch close PO-1 --short');
  expect(await boardTroubles([], MINUTE_AGO, async () => true, rules())).toEqual([]);
});

it('asks the oldest of many units: those have the boards', async () => {
  const units = Array.from({ length: 100 }, (_, at) => unit('PO-1', 'slow', 100 + at));
  const asked: string[] = [];
  const isSecond = async ({ workflowId }: SeenUnit) => {
    asked.push(workflowId);
    return workflowId.endsWith('-198');
  };
  await boardTroubles(units, MINUTE_AGO, isSecond, rules());
  expect(asked).toEqual(['unit/PO-1-slow-199', 'unit/PO-1-slow-198']);
});

it('says that the sockets are busy while units of other batches of the product have the boards, and in between', async () => {
  const batches = ['PO-1', 'PO-2', 'PO-3', 'PO-4'];
  const products = ['shared', 'shared', 'own', 'listed'];
  const waiting = batches.slice(1).map((batch, at) => unit(batch, products[at + 1]!, 90));
  const units = [unit('PO-1', 'shared', 5), unit('PO-1', 'listed', 5), ...waiting];
  const known = rules('listed');
  const look = async (isBusy: boolean) => {
    const hasBoard = async ({ batchId }: SeenUnit) => isBusy && batchId === 'PO-1';
    const found = await boardTroubles(units, MINUTE_AGO, hasBoard, known);
    return found.map(({ batchId, trouble }) => `${batchId} ${trouble.code}`).toSorted();
  };
  const [noBoard, busy] = ['NO_BOARD', 'SOCKETS_BUSY'].map((code) => [
    `PO-2 ${code}`,
    'PO-3 NO_BOARD',
    'PO-4 NO_BOARD',
  ]);
  expect(await look(false)).toEqual(noBoard);
  expect(await look(true)).toEqual(busy);
  // The boards are changed: for a moment nobody has one.
  expect(await look(false)).toEqual(busy);
  known.served.set('shared', new Date(MINUTE_AGO.getTime() - 1));
  expect(await look(false)).toEqual(noBoard);
});
