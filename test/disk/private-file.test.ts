import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileNotPrivateError, readPrivateFile } from '../../disk/private-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
chmodSync(folder, 0o755);
afterEach(() => vi.unstubAllEnvs());

function fileOf(mode: number, ...place: string[]): string {
  const path = join(folder, ...place, `file-${mode.toString(8)}`);
  mkdirSync(join(folder, ...place), { recursive: true });
  writeFileSync(path, 'a passphrase\n');
  chmodSync(path, mode);
  return path;
}

function isPrivateFile(path: string): boolean {
  try {
    return readPrivateFile(path, 'the file').toString() === 'a passphrase\n';
  } catch (error) {
    if (error instanceof FileNotPrivateError) return false;
    throw error;
  }
}

describe('a file is private', () => {
  it.each([
    [0o600, true],
    [0o400, true],
    [0o640, false],
    [0o604, false],
    [0o660, false],
  ])('with mode %o: %s', (mode, isPrivate) => {
    expect(isPrivateFile(fileOf(mode))).toBe(isPrivate);
  });

  it('when systemd made it a credential of this service, and admitted its user by an ACL', () => {
    const credential = fileOf(0o440, 'credentials');
    expect(isPrivateFile(credential)).toBe(false);
    vi.stubEnv('CREDENTIALS_DIRECTORY', join(folder, 'credentials'));
    expect(isPrivateFile(credential)).toBe(true);
    expect(isPrivateFile(fileOf(0o444, 'credentials'))).toBe(false);
    expect(isPrivateFile(fileOf(0o440, 'credentials', 'below'))).toBe(false);
    expect(isPrivateFile(fileOf(0o440))).toBe(false);
  });

  it('names the file, and says how to close it', () => {
    const path = fileOf(0o644);
    const sentence = `Others can read the CA key ${path}: run "chmod 600 ${path}".`;
    expect(() => readPrivateFile(path, 'the CA key')).toThrow(sentence);
  });

  it('passes on that it is a folder, which no mode makes a file', () => {
    expect(() => readPrivateFile(folder, 'the CA key')).toThrow(/EISDIR/);
  });

  it('passes on that there is none', () => {
    expect(() => readPrivateFile(join(folder, 'none'), 'the CA key')).toThrow(/ENOENT/);
  });
});
