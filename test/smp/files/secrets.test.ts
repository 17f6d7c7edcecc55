import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPort } from '../links/port-process.ts';
import type { PortProcess } from '../links/port-process.ts';

const TRANSFER = fileURLToPath(new URL('secret-transfer.ts', import.meta.url));

describe.skipIf(process.platform !== 'linux')('a key that was written and read as a secret', () => {
  let board: PortProcess;
  beforeEach(async () => {
    board = await startPort(new URL('board-process.ts', import.meta.url), '384', '0', 'ticks');
  });
  afterEach(async () => {
    await board.stop();
  });

  async function search(secrecy: string): Promise<{ searchedBytes: number; found: number }> {
    const { stdout } = await promisify(execFile)(process.execPath, [TRANSFER, board.path, secrecy]);
    return JSON.parse(stdout) as { searchedBytes: number; found: number };
  }

  it('is nowhere in the memory of the process afterwards, neither as bytes nor in base64', async () => {
    const { searchedBytes, found } = await search('secret');
    expect(searchedBytes).toBeGreaterThan(10_000_000);
    expect(found).toBe(0);
  });

  it('would be found: a file that is no secret and was kept is', async () => {
    expect((await search('open')).found).toBeGreaterThan(0);
  });
});
