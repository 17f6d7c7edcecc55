import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import type { BoardFault } from '../../../simulator/faults.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { SmpError } from '../../../smp/smp-error.ts';
import { echo } from '../client/echo.ts';
import { startVirtualPort } from './virtual-port.ts';

async function connectFailure(
  context: Pick<TestContext, 'onTestFinished'>,
  ...faults: readonly BoardFault[]
): Promise<SmpError> {
  const port = startVirtualPort(context, { profile: FIRMWARE_PROFILES.golioth, faults });
  const client = await port.client();
  // What a board prints must come within the budget, also on a busy machine.
  const error = await client.connect({ budgetMs: 4_000 }).catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(SmpError);
  return error as SmpError;
}

describe('what an unanswered request says', () => {
  it.concurrent.for<[BoardFault, string, RegExp]>([
    [{ kind: 'echo-line' }, 'echo', /what is sent comes back/],
    [{ kind: 'wrong-baud' }, 'garbage', /neither SMP nor text.*baud rate/],
    [{ kind: 'console-only' }, 'console', /a console is on this port \("uart:~\$"\), and no SMP server/],
    [
      { kind: 'crash', nth: 1 },
      'fault',
      /has crashed, it says ".*E: \*{5} BUS FAULT \*{5} \| .*FATAL ERROR 25/,
    ],
  ])('%j', async ([fault, seen, words], context) => {
    const error = await connectFailure(context, fault);
    expect(error.message).toMatch(words);
    expect(error.seen[0]).toBe(seen);
    // oxlint-disable-next-line no-control-regex -- none of these may reach a terminal
    expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it.concurrent('that there was nothing at all', async (context) => {
    const port = startVirtualPort(context, { faults: [{ kind: 'silent' }] });
    const client = await port.client();
    const failure = client.connect({ budgetMs: 300 });
    await expect(failure).rejects.toMatchObject({ code: 'SMP_TIMEOUT', seen: [] });
  });

  it.concurrent('that the board has answered before', async (context) => {
    const port = startVirtualPort(context);
    const client = await port.client();
    await client.connect();
    port.board.setFault({ kind: 'silent' });
    const failure = echo(client, 'x', { deadlineMs: performance.now() + 300 });
    await expect(failure).rejects.toMatchObject({
      code: 'SMP_TIMEOUT',
      // Once, or more often where a busy host was slow and the question was sent again.
      message: expect.stringMatching(/although the board has answered [1-9]\d* times before/) as string,
    });
  });

  it.concurrent('that the firmware crashed, also while a secret passes', async (context) => {
    const port = startVirtualPort(context, { faults: [{ kind: 'crash', nth: 2 }] });
    port.board.flash.mkdir('/lfs1/credentials');
    const client = await port.client();
    await client.connect();
    const deadlineMs = performance.now() + 700;
    const failure = writeFile(client, '/lfs1/credentials/key.der', new Uint8Array(121), {
      secret: true,
      deadlineMs,
    });
    await expect(failure).rejects.toMatchObject({
      seen: ['fault', 'text'],
      message: expect.stringContaining('BUS FAULT') as string,
    });
  });
});
