import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const MODULE = join(import.meta.dirname, '..', '..', 'cli', 'watch-output.ts');

describe('standard output', () => {
  it('is not listened to by an import', async () => {
    const code = `await import(${JSON.stringify(MODULE)}); process.exitCode = process.stdout.listenerCount('error');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('ends the program without a word when the reader goes away', async () => {
    const code = `
      const { watchOutput } = await import(${JSON.stringify(MODULE)});
      watchOutput();
      setInterval(() => console.log('more'), 1);`;
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

  it('ends in order what runs until it is told to stop, when the reader goes away', async () => {
    const code = `
      const { watchOutput } = await import(${JSON.stringify(MODULE)});
      watchOutput();
      process.on('SIGTERM', () => setTimeout(() => process.exit(7), 50));
      setInterval(() => console.log('more'), 1);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await once(child, 'close')).toEqual([7, null]);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'is not whole on a full disk: the status says so, and the work goes on',
    () => {
      const code = `
      const { watchOutput } = await import(${JSON.stringify(MODULE)});
      watchOutput();
      console.log('first');
      await new Promise((resolve) => setTimeout(resolve, 10));
      console.log('second');
      process.stderr.write('went on\\n');`;
      const { status, stderr } = withOutputs(code, { stdout: '/dev/full' });
      expect(stderr).toMatch(/^certline: the output is not whole, .*ENOSPC.*\nwent on\n$/);
      expect(status).toBe(50);
      expect(withOutputs(`${code} process.exitCode = 3;`, { stdout: '/dev/full' }).status).toBe(3);
    },
  );

  it.skipIf(!existsSync('/dev/full'))('keeps the status where standard error cannot be written', () => {
    const code = `
      const { watchOutput } = await import(${JSON.stringify(MODULE)});
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
