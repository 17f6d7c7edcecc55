import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { newPlace } from '../../support/certline.ts';

it('serves on the address that it is given, and signs nothing for strangers', async () => {
  const place = newPlace();
  const folder = join(place.folder, 'witness');
  const child = place.start(
    ['witness', 'serve', folder, '--listen', '127.0.0.1:0'],
    ['ignore', 'pipe', 'inherit'],
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const [, address, key] =
    /^witness up, on (127\.0\.0\.1:\d+), key (certline-witness\+\S+)$/.exec(line) ?? [];
  expect(readFileSync(join(folder, 'witness.pub'), 'utf8')).toBe(`${key}\n`);
  expect(statSync(join(folder, 'witness.key.pem')).mode & 0o777).toBe(0o600);
  const url = `http://${address}/`;
  expect((await fetch(url)).status).toBe(400);
  const old = `old 0 ${Buffer.alloc(32).toString('base64')}\n\n`;
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(5_000) })).status).toBe(400);
  expect((await fetch(url, { method: 'POST', body: `${old}a note\n\n— nobody AAAA\n` })).status).toBe(403);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await place.certline('witness', 'serve', folder, '--listen', 'here')).toMatchObject({ status: 2 });
});
