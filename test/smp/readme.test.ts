import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startVirtualPort } from './virtual/virtual-port.ts';

const FOLDER = new URL('../../smp/', import.meta.url);
const README = readFileSync(new URL('README.md', FOLDER), 'utf8');
const EXAMPLES = [...README.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);
const CERTIFICATE = Buffer.alloc(515, 0x5a);

/** What each prints; the board is a virtual one of the firmware `factory`. */
const PRINTED = [
  /^515$/,
  /^undefined\nSMP_UNSUPPORTED .*there is no shell prompt/,
  /^Zephyr 4\.4\.0\nENOTSUP$/,
];

describe('an example of smp/README.md', { timeout: 60_000 }, () => {
  it.each(EXAMPLES.map((code, index) => [index, code] as const))('number %i runs', async (index, code) => {
    const folder = mkdtempSync(join(tmpdir(), 'certline-readme-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = startVirtualPort({ onTestFinished });
    port.board.flash.mkdir('/lfs1/credentials');
    writeFileSync(join(folder, 'crt.der'), CERTIFICATE);
    const program = code
      .replaceAll('./index.ts', new URL('index.ts', FOLDER).href)
      .replaceAll('/dev/ttyACM0', port.path);
    writeFileSync(join(folder, 'example.mts'), program);
    const { stdout } = await promisify(execFile)(process.execPath, ['example.mts'], { cwd: folder });
    expect(stdout.trim()).toMatch(PRINTED[index] as RegExp);
  });

  it('is there for each thing that is printed', () => {
    expect(EXAMPLES).toHaveLength(PRINTED.length);
  });
});
