import { expect } from 'vitest';
import { passedLot } from './drained.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

/** Sends a lot at ten devices a second, in two drains, and expects that the rate is used to 98 % and never exceeded. */
export async function expectRateKept(units: number): Promise<void> {
  const { drained, depth, clock } = await passedLot(units);
  const cloud = new ScriptedRegistry(clock, 'cloud', { devicesPerSecond: 10 });
  await drained(cloud, 30 * units);
  expect(cloud.inUse.size).toBeLessThan(units / 2);
  await drained(cloud);
  expect([cloud.inUse.size, (await depth()).done]).toEqual([units, units]);
  const times = cloud.sent.map(({ at }) => at);
  const seconds = (times.at(-1)! - times[0]!) / 1_000;
  expect(units / seconds).toBeGreaterThan(9.8);
  // In any ten seconds, whenever they begin.
  for (let from = 0, to = 0; from < times.length; from += 1) {
    while (to < times.length && times[to]! < times[from]! + 10_000) to += 1;
    expect(to - from).toBeLessThanOrEqual(101);
  }
}
