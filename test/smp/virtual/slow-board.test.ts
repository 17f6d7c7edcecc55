import { describe, expect, it } from 'vitest';
import { fileSize } from '../../../smp/files/file-size.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { exec } from '../../../smp/shell/exec.ts';
import { echo } from '../client/echo.ts';
import { startVirtualPort } from './virtual-port.ts';

const CONTENT = Uint8Array.from({ length: 300 }, (_, index) => index * 7);

describe('a board that takes long for every answer', { timeout: 60_000 }, () => {
  it.concurrent.for([550, 1_200, 5_000])('%i ms: is found', async (delayMs, context) => {
    const port = startVirtualPort(context, { faults: [{ kind: 'slow', delayMs }] });
    const client = await port.client();
    await client.connect({ budgetMs: delayMs + 1_000 });
    expect(client.statistics.messages).toBeGreaterThan(0);
  });

  it.concurrent.for([550, 1_200])(
    '%i ms: is served, without anything sent twice',
    async (delayMs, context) => {
      const port = startVirtualPort(context, { faults: [{ kind: 'slow', delayMs }] });
      port.board.flash.mkdir('/lfs1/credentials');
      const client = await port.client();
      await client.connect();
      await writeFile(client, '/lfs1/credentials/crt.der', CONTENT);
      expect(await fileSize(client, '/lfs1/credentials/crt.der')).toBe(CONTENT.length);
      expect(client.statistics).toMatchObject({ stray: 0, damaged: 0 });
    },
  );

  it.concurrent('5000 ms: is served', async (context) => {
    const port = startVirtualPort(context, { faults: [{ kind: 'slow', delayMs: 5_000 }] });
    const client = await port.client();
    await client.connect();
    expect(await echo(client, 'slow')).toBe('slow');
  });
});

describe('a board at work', { timeout: 60_000 }, () => {
  const busy = { kind: 'delay-request', nth: 2, delayMs: 4_000 } as const;

  it.concurrent('is not sent more than its buffers hold, and goes on afterwards', async (context) => {
    const port = startVirtualPort(context, { faults: [busy] });
    const client = await port.client();
    await client.connect();
    expect(await echo(client, 'after the work')).toBe('after the work');
    expect(port.uart.crashed).toBe(false);
    expect(await echo(client, 'still there')).toBe('still there');
  });

  it.concurrent('survives the probes of another program, twice over', async (context) => {
    const port = startVirtualPort(context);
    const first = await port.client();
    await first.connect();
    const abort = new AbortController();
    const sleeping = exec(first, ['kernel', 'sleep', '6000'], { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(sleeping).rejects.toMatchObject({ code: 'SMP_CANCELLED' });
    await first.close();
    const second = await port.client();
    await second.connect({ budgetMs: 8_000 });
    expect(await echo(second, 'found')).toBe('found');
    expect(port.uart.crashed).toBe(false);
  });

  it.concurrent('is left alone while a command runs that may take long', async (context) => {
    const port = startVirtualPort(context);
    const client = await port.client();
    await client.connect();
    const abort = new AbortController();
    const sleeping = exec(client, ['kernel', 'sleep', '3000'], { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(sleeping).rejects.toMatchObject({ code: 'SMP_CANCELLED' });
    const words = ['one', 'two', 'three'];
    expect(await Promise.all(words.map((word) => echo(client, word)))).toEqual(words);
    expect(port.uart.crashed).toBe(false);
    // The request that waited behind the command, and the answer to the command itself.
    expect(client.statistics.messages).toBe(1 + 1 + words.length);
  });

  it.concurrent('of which a file is written meanwhile keeps it whole', async (context) => {
    const port = startVirtualPort(context, { faults: [{ kind: 'delay-request', nth: 2, delayMs: 3_000 }] });
    port.board.flash.mkdir('/lfs1/credentials');
    const client = await port.client();
    await client.connect();
    await writeFile(client, '/lfs1/credentials/crt.der', CONTENT, { verify: 'none' });
    expect(await readFile(client, '/lfs1/credentials/crt.der')).toEqual(CONTENT);
    expect(port.uart.crashed).toBe(false);
  });
});
