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

it('what is parked in the outbox is found without what was sent before', async () => {
  const path = registryPath();
  const registry = openedRegistry(path);
  await imported(registry, '1', serialsFrom(1, 1));
  const texts = await preparedWhile(async () => void (await registry.outbox.parked(10)));
  expect(wideSteps(path, texts)).toEqual([expect.stringMatching(/^SCAN outbox USING INDEX outbox_open:/)]);
});
