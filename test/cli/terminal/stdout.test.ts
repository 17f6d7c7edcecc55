import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
      const { endWhenPipeCloses, printLine } = await import(${JSON.stringify(STDOUT)});
      endWhenPipeCloses();
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
});
