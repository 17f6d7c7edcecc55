import { expect, it } from 'vitest';
import { newPlace } from '../../support/certline.ts';

it('a bad board is one of those loaded from now on, however many were before', async () => {
  const place = newPlace();
  const first = await place.certline('demo', '--units', '8', '--speed', 'instant');
  expect(first.status).toBe(0);
  const [times = ''] = /^Time since the start: .*$/m.exec(first.stdout) ?? [];
  for (const part of [
    'CA',
    'boards',
    'server obtained',
    'server started',
    'workers',
    'first PASS',
    'last PASS',
    'devices in the cloud',
  ])
    expect(times).toMatch(new RegExp(`${part} [0-9.]+ s`));
  expect(first.stdout).toContain('8 of 8 devices connected to the local cloud');
  expect(first.stdout.match(/ appeared$/gm)).toHaveLength(8);
  // Eight boards lie in the sockets since. The first that is loaded now is worked on soon after, but not always next: up to
  // eight new boards wait for a unit at once.
  const second = await place.certline('demo', '--units', '32', '--speed', 'instant', '--faulty', '1');
  expect(second.status).toBe(1);
  expect(second.stdout).toContain('31 PASS, 0 FAIL, 0 ERROR, 0 HOLD, 1 waiting');
  expect(second.stdout).toContain('31 of 31 devices connected to the local cloud');
});
