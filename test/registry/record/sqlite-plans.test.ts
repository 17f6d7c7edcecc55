import { expect, it } from 'vitest';
import { preparedWhile, wideSteps } from '../../support/sqlite-plans.ts';
import { liveThrough } from './live-through.ts';
import { imported, openedRegistry, registration, registryPath, serialsFrom } from './opened.ts';

it('no statement on SQLite about one unit reads the units of a batch or a whole table', async () => {
  const path = registryPath();
  const before = openedRegistry(path);
  await imported(before, '1', serialsFrom(1, 300));
  for (const serial of serialsFrom(200, 20))
    await before.registerUnit({ ...registration(serial), registries: ['cloud', 'other'] });
  const texts = await preparedWhile(() => liveThrough(openedRegistry(path), serialsFrom(1, 2)));
  expect(texts.length).toBeGreaterThan(40);
  expect(wideSteps(path, texts)).toEqual([]);
});
