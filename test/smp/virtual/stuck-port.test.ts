import { describe, expect, it } from 'vitest';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import type { SmpClient } from '../../../smp/client/client.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { echo } from '../client/echo.ts';
import { startVirtualPort } from './virtual-port.ts';
import type { VirtualPort } from './virtual-port.ts';
import type { TestContext } from 'vitest';

const LARGE = Buffer.alloc(100_000, 0x5a);

/** Its buffers are so large that two messages fill what the kernel holds for a port. */
async function stuckPort(
  context: Pick<TestContext, 'onTestFinished'>,
  nth: number,
): Promise<{ port: VirtualPort; client: SmpClient }> {
  const port = startVirtualPort(context, {
    profile: { ...FIRMWARE_PROFILES['large-buffers'], netBufSize: 60_004, rxLineCount: 1_024 },
    faults: [{ kind: 'stuck-port', nth }],
  });
  const client = await port.client({ maxMessageBytes: 60_000 });
  await client.connect();
  return { port, client };
}

/** Milliseconds until the promise settles, and what it settles with. */
async function timed(promise: Promise<unknown>): Promise<{ ms: number; outcome: unknown }> {
  const startedAt = performance.now();
  const outcome = await promise.catch((error: unknown) => error);
  return { ms: performance.now() - startedAt, outcome };
}

describe('a port that takes nothing', () => {
  it.concurrent('ends a transfer by its deadline and frees the port', async (context) => {
    const { port, client } = await stuckPort(context, 3);
    const deadlineMs = performance.now() + 1_500;
    const { ms, outcome } = await timed(writeFile(client, '/lfs1/large', LARGE, { deadlineMs }));
    expect(outcome).toMatchObject({ name: 'SmpError', code: expect.stringMatching(/LINK_LOST|SMP_TIMEOUT/) });
    expect(ms).toBeLessThan(2_500);
    const closing = await timed(client.close());
    expect(closing.ms).toBeLessThan(1_000);
    const again = await port.client();
    await again.close();
  });

  it.concurrent('says what is the matter once the kernel holds no more', async (context) => {
    const { client } = await stuckPort(context, 2);
    const words = 'a'.repeat(50_000);
    const messages: string[] = [];
    for (let count = 0; count < 4; count++) {
      const deadlineMs = performance.now() + 600;
      const { ms, outcome } = await timed(echo(client, words, { attempts: 1, deadlineMs }));
      expect(ms).toBeLessThan(1_500);
      messages.push((outcome as Error).message);
    }
    expect(messages.join('\n')).toContain('takes nothing');
  });

  it.concurrent('ends what waits, and what waits behind it, by their signals', async (context) => {
    const { client } = await stuckPort(context, 2);
    const abort = new AbortController();
    const words = 'a'.repeat(50_000);
    const requests = [1, 2, 3].map(async () => await timed(echo(client, words, { signal: abort.signal })));
    const file = timed(writeFile(client, '/lfs1/large', LARGE, { signal: abort.signal }));
    setTimeout(() => abort.abort(), 300);
    for (const { ms, outcome } of [...(await Promise.all(requests)), await file]) {
      expect(outcome).toMatchObject({ code: 'SMP_CANCELLED' });
      expect(ms).toBeLessThan(2_000);
    }
  });

  it.concurrent('does not keep connect beyond its budget', async (context) => {
    const { port, client } = await stuckPort(context, 2);
    await timed(echo(client, 'a'.repeat(50_000), { attempts: 1, deadlineMs: performance.now() + 300 }));
    const { ms, outcome } = await timed(client.connect({ budgetMs: 500 }));
    expect(outcome).toBeInstanceOf(Error);
    expect(ms).toBeLessThan(1_500);
    expect(port.uart.crashed).toBe(false);
  });
});
