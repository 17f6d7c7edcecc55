import { expect, it } from 'vitest';
import { Patience } from '../../monitoring/patience.ts';

it('does not begin again what is still under way, and begins it again when it has ended', async () => {
  const patience = new Patience(5);
  let begun = 0;
  let answer = Promise.withResolvers<string>();
  const work = async (): Promise<string> => {
    begun += 1;
    return await answer.promise;
  };
  for (let scrape = 0; scrape < 3; scrape += 1)
    await expect(patience.inTime(work)).rejects.toThrow('no answer within 0.005 s');
  expect(begun).toBe(1);
  answer.resolve('late');
  await patience.settled();
  answer = Promise.withResolvers();
  answer.resolve('in time');
  expect(await new Patience(60_000).inTime(work)).toBe('in time');
  expect(begun).toBe(2);
});

it('says to all who wait why it failed', async () => {
  const patience = new Patience(60_000);
  const work = async (): Promise<void> => {
    throw new Error('no disk');
  };
  await expect(Promise.all([patience.inTime(work), patience.inTime(work)])).rejects.toThrow('no disk');
  await patience.settled();
});
