import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const STDOUT = join(import.meta.dirname, '..', '..', '..', 'cli', 'terminal', 'stdout.ts');

describe('standard output', () => {
  it('is not listened to by an import', async () => {
    const code = `await import(${JSON.stringify(STDOUT)}); process.exitCode = process.stdout.listenerCount('error');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('ends the program without a word when the reader goes away', async () => {
    const code = `
      const { watchOutput, printLine } = await import(${JSON.stringify(STDOUT)});
      watchOutput();
      setInterval(() => printLine('more'), 1);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let complaints = '';
    child.stderr.on('data', (part) => (complaints += String(part)));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(complaints).toBe('');
  });

  it.skipIf(!existsSync('/dev/full'))(
    'is not whole on a full disk: the status says so, and the work goes on',
    () => {
      const code = `
      const { watchOutput, printLine } = await import(${JSON.stringify(STDOUT)});
      watchOutput();
      printLine('first');
      await new Promise((resolve) => setTimeout(resolve, 10));
      printLine('second');
      process.stderr.write('went on\\n');`;
      const { status, stderr } = withOutputs(code, { stdout: '/dev/full' });
      expect(stderr).toMatch(/^certline: the output is not whole, .*ENOSPC.*\nwent on\n$/);
      expect(status).toBe(50);
      expect(withOutputs(`${code} process.exitCode = 3;`, { stdout: '/dev/full' }).status).toBe(3);
    },
  );

  it.skipIf(!existsSync('/dev/full'))('keeps the status where standard error cannot be written', () => {
    const code = `
      const { watchOutput } = await import(${JSON.stringify(STDOUT)});
      watchOutput();
      process.stderr.write('why');
      await new Promise((resolve) => setTimeout(resolve, 10));
      process.exitCode = 3;`;
    expect(withOutputs(code, { stderr: '/dev/full' }).status).toBe(3);
  });
});

function withOutputs(code: string, { stdout, stderr }: { stdout?: string; stderr?: string }) {
  const [out, error] = [stdout, stderr].map((path) => (path === undefined ? 'pipe' : openSync(path, 'w')));
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', out!, error!],
    encoding: 'utf8',
  });
}
