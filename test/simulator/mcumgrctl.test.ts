import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { VirtualLine } from '../../simulator/line/virtual-line.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const MCUMGRCTL = join(CACHE, 'certline/mcumgrctl-0.20.0/bin/mcumgrctl');
const reason = existsSync(MCUMGRCTL) ? '' : ' — cannot run: no mcumgrctl, run test/simulator/rust/install.sh';

const CREDENTIALS = [
  ['key.der', randomBytes(121)],
  ['crt.der', randomBytes(600)],
] as const;

describe.skipIf(reason !== '')(`mcumgrctl, the Rust client, on a virtual board${reason}`, () => {
  it('makes the directory, writes credentials and reads them back', async () => {
    const directory = temporaryFolder();
    const line = await VirtualLine.start({ directory, stations: [{ id: 'st', sockets: ['1'] }] });
    onTestFinished(() => line.stop());
    const board = line.insertBoard('st', '1');
    const mcumgrctl = async (...command: readonly string[]): Promise<string> =>
      (await run(MCUMGRCTL, ['--serial', line.portPath('st', '1'), ...command])).stdout;

    expect(await mcumgrctl('os', 'echo', 'hello')).toContain('hello');
    await mcumgrctl('shell', 'fs', 'mkdir', '/lfs1/credentials');
    for (const [name, content] of CREDENTIALS) {
      const [here, back] = [join(directory, name), join(directory, `${name}.back`)];
      writeFileSync(here, content);
      await mcumgrctl('fs', 'upload', here, `/lfs1/credentials/${name}`);
      await mcumgrctl('fs', 'download', `/lfs1/credentials/${name}`, back);
      expect(readFileSync(back)).toEqual(content);
      expect(readFileSync(join(board.directory, 'lfs1/credentials', name))).toEqual(content);
    }
  });
});
