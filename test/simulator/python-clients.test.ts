import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it, onTestFinished } from 'vitest';

import { FIRMWARE_PROFILES } from '../../simulator/firmware-profile.ts';
import type { FirmwareName } from '../../simulator/firmware-profile.ts';
import { VirtualLine } from '../../simulator/line/virtual-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const PYTHON = join(CACHE, 'certline/python-smp-7.3.0-0.19.1-0.20.0/bin/python');
const reason = existsSync(PYTHON)
  ? ''
  : ' — cannot run: no Python clients, run test/simulator/python/install.sh';

const KEY = randomBytes(121);
const CERTIFICATE = randomBytes(600);

async function portOf(
  firmware: FirmwareName,
  speed: 'instant' | 'realistic' = 'realistic',
): Promise<{ path: string; line: VirtualLine }> {
  const line = await VirtualLine.start({
    directory: temporaryFolder(),
    stations: [{ id: 'st', sockets: ['1'] }],
    profile: FIRMWARE_PROFILES[firmware],
    speed,
  });
  onTestFinished(() => line.stop());
  line.insertBoard('st', '1');
  return { path: line.portPath('st', '1'), line };
}

async function python(...args: readonly string[]): Promise<string> {
  return (await run(PYTHON, args)).stdout;
}

async function session(script: string, path: string): Promise<unknown> {
  const file = join(import.meta.dirname, 'python', script);
  return JSON.parse(await python(file, path, KEY.toString('hex'), CERTIFICATE.toString('hex')));
}

function written(name: string, content: Buffer): object {
  const digest = createHash('sha256').update(content).digest('hex');
  return {
    [`${name}_size`]: content.length,
    [`${name}_sha256`]: digest,
    [`${name}_hex`]: content.toString('hex'),
  };
}

const FILES = { ...written('key', KEY), ...written('crt', CERTIFICATE) };

describe.skipIf(reason !== '')(`clients that others wrote, on a virtual board${reason}`, () => {
  it('smpclient writes and reads credentials', async () => {
    const { path, line } = await portOf('factory');
    const devid = `\r\nLength: 16\r\nID: 0x${line.boardId('st', '1')}\r\n`;
    const seen = { echo: 'Hello', buf_size: 384, mkdir: 0, devid, missing: 3, close: true, ...FILES };
    expect(await session('smpclient_session.py', path)).toEqual(seen);
    expect(line.fixture('st', '1').uart?.drops).toEqual([]);
  });

  it.each([
    ['factory', 384],
    ['large-buffers', 4096],
  ] as const)('mcumgr-toolkit writes and reads credentials on %s firmware', async (firmware, bufferSize) => {
    const { path, line } = await portOf(firmware);
    const { platform } = FIRMWARE_PROFILES[firmware];
    const expected = { echo: 'Hello', buf_size: bufferSize, groups: [0, 8, 9, 10], info: platform, ...FILES };
    expect(await session('mcumgr_toolkit_session.py', path)).toMatchObject(expected);
    expect(line.fixture('st', '1').uart?.drops).toEqual([]);
  });

  it('smpmgr uploads a file', async () => {
    const { path, line } = await portOf('factory');
    const local = join(temporaryFolder(), 'file');
    writeFileSync(local, CERTIFICATE);
    const smpmgr = 'from smpmgr.main import app; app()';
    await python('-c', smpmgr, '--port', path, 'file', 'upload', local, '/lfs1/crt.der');
    const board = line.board('st', '1');
    expect(readFileSync(join(board?.directory ?? '', 'lfs1/crt.der'))).toEqual(CERTIFICATE);
  });

  it('smpclient overruns the line buffers of default firmware where nothing paces it, as on Zephyr', async () => {
    const { path, line } = await portOf('factory', 'instant');
    await expect(session('smpclient_session.py', path)).rejects.toThrow('TimeoutError');
    expect(line.fixture('st', '1').uart?.drops).toContain('no-line-buffer');
  });
});
