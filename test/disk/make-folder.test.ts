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
