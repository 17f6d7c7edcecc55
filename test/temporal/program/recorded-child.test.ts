import { expect, it } from 'vitest';
import { runRecorded } from '../../../temporal/program/recorded-child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('ends a child that is being started when its signal is aborted', { timeout: 5_000 }, async () => {
  const folder = temporaryFolder();
  const abort = new AbortController();
  const running = runRecorded({
    command: 'sleep',
    args: ['60'],
    cwd: folder,
    env: process.env,
    cacheFolder: folder,
    timeoutMs: 60_000,
    signal: abort.signal,
    onErrorLine: () => undefined,
  });
  abort.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});
