import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FIRMWARE_PROFILES } from '../../../simulator/firmware-profile.ts';
import { listDirectory } from '../../../smp/files/list-directory.ts';
import { startVirtualPort } from './virtual-port.ts';

/** What `fs ls` prints of one of these names: ten characters and a line end. */
const LINE_BYTES = 12;
/** The dummy shell begins on a line of its own. */
const START_BYTES = 2;

describe('a listing', () => {
  it.each([
    [30, 30 * LINE_BYTES + START_BYTES + 1, true],
    [30, 20 * LINE_BYTES + START_BYTES, false],
    [30, 20 * LINE_BYTES + START_BYTES - 1, false],
    [30, 20 * LINE_BYTES + START_BYTES + 5, false],
    [3, 300, true],
    [0, 300, true],
  ])('of %i names in a buffer of %i bytes is whole: %s', async (names, shellOutputSize, isWhole) => {
    const port = startVirtualPort(
      { onTestFinished },
      {
        profile: { ...FIRMWARE_PROFILES.factory, shellOutputSize, netBufSize: 2_048, rxLineCount: 64 },
      },
    );
    const folder = join(port.board.directory, 'lfs1/d');
    mkdirSync(folder, { recursive: true });
    for (let name = 0; name < names; name++) writeFileSync(join(folder, `name-${10_000 + name}`), '');
    const client = await port.client();
    await client.connect();
    const listing = await listDirectory(client, '/lfs1/d');
    expect(listing?.isWhole).toBe(isWhole);
    if (isWhole) expect(listing?.entries).toHaveLength(names);
  });
});
