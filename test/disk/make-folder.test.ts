import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../disk/make-folder.ts';
import { reasonOf, sentenceOf } from '../../cli/report-failure.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

function failureOf(path: string): { reason: string; sentence: string } {
  try {
    makeFolder(path);
  } catch (error) {
    return { reason: reasonOf(error), sentence: sentenceOf(error) };
  }
  return { reason: 'made', sentence: '' };
}

describe('a folder that is made', () => {
  it('is made with those above it, and left as it is where it exists', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'open'), { mode: 0o755 });
    makeFolder(join(folder, 'open', 'a', 'b'), 0o700);
    makeFolder(join(folder, 'open', 'a', 'b'), 0o755);
    const modes = ['open', 'open/a', 'open/a/b'].map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o700, 0o700]);
    symlinkSync(join(folder, 'open'), join(folder, 'link'));
    makeFolder(join(folder, 'link'));
    makeFolder(join(folder, 'link', 'c') + '/');
    expect(statSync(join(folder, 'open', 'c')).isDirectory()).toBe(true);
  });

  it('is made by several processes at once', async () => {
    const folder = temporaryFolder();
    const module = join(import.meta.dirname, '..', '..', 'disk', 'make-folder.ts');
    const code = `
      const { makeFolder } = await import(${JSON.stringify(module)});
      await new Promise((resolve) => setTimeout(resolve, Number(process.argv[1]) - Date.now()));
      for (let at = 0; at < 3_000; at++) makeFolder(${JSON.stringify(folder)} + '/' + at + '/a/b');`;
    const begin = String(Date.now() + 1_000);
    const children = Array.from({ length: 3 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', code, begin], { stdio: 'ignore' }),
    );
    const ends = await Promise.all(children.map((child) => once(child, 'close')));
    expect(ends).toEqual(children.map(() => [0, null]));
  });

  it.skipIf(process.platform !== 'linux').each(['/proc/nothing', '/proc/nothing/x', '/proc/nothing/x/y'])(
    'ends with a sentence in a file system that takes no folders: %s',
    (path) => {
      expect(failureOf(path)).toEqual({
        reason: 'disk',
        sentence: expect.stringMatching(/^ENOENT: .*: the disk is read-only, .*\.$/) as string,
      });
    },
  );

  it.each([
    ['below a file', () => join(temporaryFile('x'), 'a', 'b'), 'ENOTDIR'],
    ['in the place of a file', () => temporaryFile('x'), 'EEXIST'],
    ['with a long name', () => join(temporaryFolder(), 'x'.repeat(300), 'b'), 'ENAMETOOLONG'],
    ['by a link to nothing', () => linkTo('nowhere'), 'EEXIST'],
    ['by a link to itself', () => linkTo('link'), 'ELOOP'],
  ])('is refused as the disk says it: %s', (_, path, code) => {
    expect(failureOf(path())).toEqual({
      reason: 'disk',
      sentence: expect.stringMatching(new RegExp(`^${code}: .*: .*\\.$`)) as string,
    });
  });
});

function linkTo(target: string): string {
  const path = join(temporaryFolder(), 'link');
  symlinkSync(target, path);
  return path;
}
