import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { exec } from '../../../smp/shell/exec.ts';
import { echo } from '../client/echo.ts';
import { cannotRun, reason, startZephyr } from './zephyr-server.ts';
import type { ZephyrServer } from './zephyr-server.ts';

/** Longer than two probes and shorter than the time in which a board must be found. */
const SLEEP_MS = 6_000;

describe.skipIf(reason)(`real Zephyr while it is at work${cannotRun}`, { timeout: 60_000 }, () => {
  let server: ZephyrServer;
  const clients: SmpClient[] = [];
  beforeEach(async () => {
    server = await startZephyr('serial');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await server.stop();
  });

  async function open(): Promise<SmpClient> {
    const client = new SmpClient(await openSerialLink({ path: server.path }));
    clients.push(client);
    return client;
  }

  /** As Ctrl-C does: the board goes on with what it was told. */
  async function sleepAndLeave(client: SmpClient): Promise<void> {
    const abort = new AbortController();
    const sleeping = exec(client, ['kernel', 'sleep', String(SLEEP_MS)], { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(sleeping).rejects.toMatchObject({ code: 'SMP_CANCELLED' });
  }

  it('is found by the next program when it has finished, and has not crashed', async () => {
    const first = await open();
    await first.connect();
    await sleepAndLeave(first);
    await first.close();
    const second = await open();
    await second.connect({ budgetMs: SLEEP_MS + 2_000 });
    expect(await echo(second, 'found')).toBe('found');
    expect(server.output()).not.toMatch(/FATAL|FAULT|Halting/);
  });

  it('takes further requests of the same program one by one', async () => {
    const client = await open();
    await client.connect();
    await sleepAndLeave(client);
    for (const words of ['one', 'two', 'three', 'four']) expect(await echo(client, words)).toBe(words);
    expect(server.output()).not.toMatch(/FATAL|FAULT|Halting/);
  });
});
