import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SmallFile } from '../../disk/small-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('a small file', () => {
  it('has the whole of what was written last, longer or shorter than what was there', () => {
    const path = join(temporaryFolder(), 'head');
    const file = new SmallFile(path, 0o600);
    for (const content of ['one', 'a longer one', 'short', 'as long!', 'x'.repeat(512)]) {
      file.write(content);
      expect(readFileSync(path, 'utf8')).toBe(content);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
    file.close();
  });

  it('stays the same file while its content is replaced, so that one call of the system suffices', () => {
    const path = join(temporaryFolder(), 'head');
    const file = new SmallFile(path, 0o600);
    file.write('first');
    const { ino } = statSync(path);
    file.write('later');
    expect(statSync(path).ino).toBe(ino);
    file.close();
  });

  it('is replaced whole where its length changes: a power cut may leave the length of before, and the content of after', () => {
    const path = join(temporaryFolder(), 'head');
    const file = new SmallFile(path, 0o600);
    file.write('99');
    const before = openSync(path, 'r');
    file.write('100');
    expect(readFileSync(before, 'utf8')).toBe('99');
    closeSync(before);
    file.close();
  });

  it('has nothing left of a longer content that somebody else wrote into it', () => {
    const path = join(temporaryFolder(), 'head');
    const file = new SmallFile(path, 0o600);
    file.write('first');
    file.write('again');
    writeFileSync(path, 'a longer one');
    file.write('after');
    expect(readFileSync(path, 'utf8')).toBe('after');
    file.close();
  });

  it('is written where its name says after another one was put there, or it was removed', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'head');
    const file = new SmallFile(path, 0o600);
    file.write('first');
    file.write('again');
    writeFileSync(join(folder, 'other'), 'other');
    renameSync(join(folder, 'other'), path);
    file.write('after');
    expect(readFileSync(path, 'utf8')).toBe('after');
    rmSync(path);
    file.write('new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    file.close();
  });

  it('refuses what a disk may write in part', () => {
    const path = join(temporaryFolder(), 'head');
    const file = new SmallFile(path, 0o600);
    expect(() => file.write('x'.repeat(513))).toThrow(RangeError);
    file.close();
  });
});
