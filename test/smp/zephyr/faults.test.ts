import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SmpClient } from '../../../smp/client/client.ts';
import { readFile } from '../../../smp/files/read-file.ts';
import { openSerialLink } from '../../../smp/links/serial-link.ts';
import { writeFile } from '../../../smp/files/write-file.ts';
import { FaultyLink, LINK_FAULTS } from './faulty-link.ts';
import type { LinkFault } from './faulty-link.ts';
import { startZephyr, cannotRun, reason } from './zephyr-server.ts';
import type { ZephyrServer } from './zephyr-server.ts';

const PATH = '/lfs1/crt.der';
const OLD = Buffer.alloc(300, 0xee);
const NEW = Buffer.from(Array.from({ length: 250 }, (_, index) => (index * 37) & 255));
/** First part, last part, read back: a request and an answer each. */
const FRAMES = [0, 1, 2, 3, 4, 5];

async function onBoard<Result>(
  server: ZephyrServer,
  fault: LinkFault | undefined,
  frame: number,
  work: (client: SmpClient, link: FaultyLink) => Promise<Result>,
): Promise<Result> {
  const link = new FaultyLink(
    await openSerialLink({ path: server.path }),
    fault === undefined ? -1 : frame,
    fault ?? 'lose',
  );
  const client = new SmpClient(link);
  try {
    return await work(client, link);
  } finally {
    await client.close();
  }
}

/** One server a fault, so that they run side by side; most of the time all of them wait. */
describe.skipIf(reason)(`a fault at every frame of a transfer to real Zephyr${cannotRun}`, () => {
  const servers = new Map<LinkFault, ZephyrServer>();

  beforeAll(async () => {
    for (const fault of LINK_FAULTS) servers.set(fault, await startZephyr('serial_fs'));
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.stop();
  });

  it('has as many frames as the faults are tried at', async () => {
    const server = servers.get('lose') as ZephyrServer;
    const frames = await onBoard(server, undefined, 0, async (client, link) => {
      await writeFile(client, PATH, NEW);
      return link.frameCount;
    });
    expect(frames).toBe(FRAMES.length);
  });

  it.concurrent.each(LINK_FAULTS)('%s each frame in turn: the file is right afterwards', async (fault) => {
    const server = servers.get(fault) as ZephyrServer;
    for (const frame of FRAMES) {
      await onBoard(server, undefined, 0, (client) => writeFile(client, PATH, OLD));
      await onBoard(server, fault, frame, (client) => writeFile(client, PATH, NEW));
      const content = await onBoard(server, undefined, 0, (client) => readFile(client, PATH));
      expect([frame, content]).toEqual([frame, new Uint8Array(NEW)]);
    }
  });
});
