import { expect, it } from 'vitest';
import { lotEnd } from '../../workers/lot-end.ts';
import { imported, openedRegistry } from '../registry/record/opened.ts';
import { until } from '../support/until.ts';

it('is the end of the last run of a batch, and none while one is open', async () => {
  const registry = openedRegistry();
  const end = () => lotEnd(registry, 'PO-1');
  await imported(registry, '1', ['CL-1']);
  expect(await end()).toBeUndefined();
  await registry.endOpenUnits('PO-1', 'HOLD', 'CLOSED_SHORT');
  await registry.closeBatch('PO-1');
  const { closedAt = '' } = (await registry.batch('PO-1'))!;
  expect(await end()).toEqual({ closedAt, endedAt: closedAt });
  await until('the clock has moved', () => new Date().toISOString() > closedAt);

  const decision = { verdict: 'rerun', reason: 'better boards', by: 'Ada', decidedAt: closedAt };
  await registry.openSupplement({ batchId: 'PO-1', number: 1, choice: {}, decision });
  expect(await end()).toBeUndefined();
  await registry.endOpenUnits('PO-1', 'HOLD', 'CLOSED_SHORT', 1);
  await registry.closeBatch('PO-1', 1);
  const [supplement] = await registry.supplements('PO-1');
  expect(await end()).toEqual({ closedAt, endedAt: supplement!.closedAt });
  expect(supplement!.closedAt! > closedAt).toBe(true);
  expect(await lotEnd(registry, 'PO-404')).toBeUndefined();
});
