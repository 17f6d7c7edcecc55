import { describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { BOARD_SPEEDS } from '../../../simulator/board/board-speed.ts';
import type { BoardSpeed } from '../../../simulator/board/board-speed.ts';
import type { BoardFault } from '../../../simulator/faults.ts';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import type { FirmwareLimits, LimitMemory } from '../../../smp/client/message-limit.ts';
import type { TraceEvent } from '../../../smp/client/tracer.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { startVirtualPort } from './virtual-port.ts';

const KEY = Uint8Array.from({ length: 121 }, (_, index) => index * 7);
const CERTIFICATE = Uint8Array.from({ length: 515 }, (_, index) => index * 13);
const CERTIFICATE_PATH = '/lfs1/credentials/crt.der';
/** Of a certificate of 515 bytes in one part. */
const WHOLE_CERTIFICATE_BYTES = 576;

const LARGE_BUFFERS = { ...FIRMWARE_PROFILES.factory, netBufSize: 1024, rxLineCount: 32 };

interface Provisioned {
  /** The largest message sent, in bytes. */
  largest: number;
  content: Uint8Array | undefined;
}

function newMemory(): LimitMemory {
  return { firmware: 'product', memory: new Map<string, FirmwareLimits>() };
}

/** Nothing but a key and a certificate, as on a line. */
async function provision(
  context: Pick<TestContext, 'onTestFinished'>,
  limitMemory: LimitMemory,
  options: { profile: typeof LARGE_BUFFERS; speed?: BoardSpeed; faults?: readonly BoardFault[] },
): Promise<Provisioned> {
  const port = startVirtualPort(context, options);
  port.board.flash.mkdir('/lfs1/credentials');
  const sent: TraceEvent[] = [];
  const client = await port.client({ limitMemory, trace: { onEvent: (event) => sent.push(event) } });
  await client.connect();
  await writeFile(client, '/lfs1/credentials/key.der', KEY, { secret: true, verify: 'none' });
  await writeFile(client, CERTIFICATE_PATH, CERTIFICATE, { verify: 'none' });
  const sizes = sent.filter(({ direction }) => direction === 'sent').map(({ messageBytes }) => messageBytes);
  return { largest: Math.max(...sizes), content: await readFile(client, CERTIFICATE_PATH) };
}

describe('the largest message of a board', { timeout: 60_000 }, () => {
  it.concurrent.for([9_600, 38_400, 57_600, 115_200, 1_000_000])(
    'is found at %i baud, by the credentials alone',
    async (baudRate, context) => {
      const limitMemory = newMemory();
      const speed = { ...BOARD_SPEEDS.instant, baudRate };
      const { largest, content } = await provision(context, limitMemory, { profile: LARGE_BUFFERS, speed });
      expect(content).toEqual(CERTIFICATE);
      expect(largest).toBe(WHOLE_CERTIFICATE_BYTES);
      expect(limitMemory.memory.get('product')).toEqual({
        passedBytes: WHOLE_CERTIFICATE_BYTES,
        refusals: 0,
      });
    },
  );

  it('costs no request more than knowing it', async (context) => {
    const limitMemory = newMemory();
    const first = await provision(context, limitMemory, { profile: LARGE_BUFFERS });
    const second = await provision(context, limitMemory, { profile: LARGE_BUFFERS });
    expect([first.largest, second.largest]).toEqual([WHOLE_CERTIFICATE_BYTES, WHOLE_CERTIFICATE_BYTES]);
  });

  it('is not decided by one lost frame: neither for this board nor for the next', async (context) => {
    const limitMemory = newMemory();
    // Parameters, key, certificate: the first large message is the third request.
    const faults = [{ kind: 'lose-request', nth: 3 }] as const;
    const unlucky = await provision(context, limitMemory, { profile: LARGE_BUFFERS, faults });
    expect(unlucky.content).toEqual(CERTIFICATE);
    const next = await provision(context, limitMemory, { profile: LARGE_BUFFERS });
    expect(next.largest).toBe(WHOLE_CERTIFICATE_BYTES);
    expect(limitMemory.memory.get('product')).toMatchObject({ passedBytes: WHOLE_CERTIFICATE_BYTES });
  });

  it('stays small where two boards have lost large ones, and is tried again much later', async (context) => {
    const limitMemory = newMemory();
    const profile = { ...FIRMWARE_PROFILES.factory };
    const largest: number[] = [];
    for (let board = 0; board < 24; board++) {
      const provisioned = await provision(context, limitMemory, { profile });
      expect(provisioned.content).toEqual(CERTIFICATE);
      largest.push(provisioned.largest);
    }
    expect(largest.slice(0, 4)).toEqual([380, 380, 182, 182]);
    expect(largest.slice(4).filter((bytes) => bytes === 380)).toHaveLength(1);
  });

  it('of a long file is found even when the first large part is lost', async (context) => {
    const port = startVirtualPort(context, {
      profile: LARGE_BUFFERS,
      faults: [{ kind: 'lose-request', nth: 2 }],
    });
    port.board.flash.mkdir('/lfs1/credentials');
    const client = await port.client();
    await client.connect();
    const content = Uint8Array.from({ length: 20_000 }, (_, index) => index);
    await writeFile(client, '/lfs1/credentials/image', content);
    expect(client.limit.currentBytes).toBe(1020);
  });
});
