import fs, { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFileSync, temporaryPath, writeWhole, writeWholeSync } from '../../disk/write-whole.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WRITERS: Record<string, (path: string, mode: number, content: string) => void | Promise<void>> = {
  writeWhole,
  writeWholeSync,
  'writeWholeSync without sync': (path, mode, content) => writeWholeSync(path, mode, content, 'kill'),
};

describe.each(Object.entries(WRITERS))('%s', (_name, write) => {
  it('makes the file with its mode, and replaces it', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'file');
    await write(path, 0o600, 'first');
    await write(path, 0o600, 'second');
    expect(readFileSync(path, 'utf8')).toBe('second');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('leaves nothing behind, and the old file as it was, when it fails', async () => {
    const folder = temporaryFolder();
    const place = join(folder, 'a-folder');
    fs.mkdirSync(join(place, 'not-empty'), { recursive: true });
    await expect((async () => await write(place, 0o600, 'text'))()).rejects.toThrow(
      /EISDIR|ENOTEMPTY|EEXIST/,
    );
    expect(readdirSync(folder)).toEqual(['a-folder']);
  });
});

describe('writeWhole', () => {
  it('leaves nothing behind when the content fails half way', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    const written = writeWhole(path, 0o644, async (file) => {
      await file.writeFile('half');
      throw new Error('no more');
    });
    await expect(written).rejects.toThrow('no more');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('writes what a stream yields', async () => {
    const path = join(temporaryFolder(), 'file');
    async function* parts(): AsyncGenerator<string> {
      yield 'one\n';
      yield 'two\n';
    }
    await writeWhole(path, 0o644, parts());
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });
});

describe('writeWholeSync', () => {
  /** The calls that reach the disk while `act` runs, in order. */
  function diskCalls(act: () => void): string[] {
    const calls: string[] = [];
    const { fsyncSync, renameSync } = fs;
    const restore = (): void => {
      Object.assign(fs, { fsyncSync, renameSync });
      syncBuiltinESMExports();
    };
    onTestFinished(restore);
    fs.fsyncSync = (file) => {
      calls.push(fs.fstatSync(file).isDirectory() ? 'sync folder' : 'sync file');
      fsyncSync(file);
    };
    fs.renameSync = (from, to) => {
      calls.push('rename');
      renameSync(from, to);
    };
    syncBuiltinESMExports();
    act();
    restore();
    return calls;
  }

  it('syncs the file, renames it and syncs the folder', () => {
    const path = join(temporaryFolder(), 'file');
    expect(diskCalls(() => writeWholeSync(path, 0o600, 'text'))).toEqual([
      'sync file',
      'rename',
      'sync folder',
    ]);
  });

  it('only renames where a power cut may lose the file', () => {
    const path = join(temporaryFolder(), 'file');
    expect(diskCalls(() => writeWholeSync(path, 0o600, 'text', 'kill'))).toEqual(['rename']);
  });
});

describe('what a killed writer left', () => {
  it('is removed by the next one after an hour, and nothing else is', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.key');
    const [old, young, other] = [
      temporaryPath(path),
      temporaryPath(path),
      temporaryPath(join(folder, 'b.key')),
    ];
    for (const left of [old, young, other]) createFileSync(left, 0o600, 'a key');
    for (const left of [old, other]) fs.utimesSync(left, 0, Date.now() / 1000 - 3601);
    writeWholeSync(path, 0o600, 'the key');
    const expected = [basename(young), basename(other), 'a.key'];
    expect(readdirSync(folder).toSorted()).toEqual(expected.toSorted());
  });
});

describe('createFileSync', () => {
  it('overwrites nothing', () => {
    const path = join(temporaryFolder(), 'file');
    createFileSync(path, 0o600, 'first');
    expect(() => createFileSync(path, 0o600, 'second')).toThrow(/EEXIST/);
    expect(existsSync(path) && readFileSync(path, 'utf8')).toBe('first');
  });
});
