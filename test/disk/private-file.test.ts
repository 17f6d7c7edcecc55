import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { isPrivateFile } from '../../disk/private-file.ts';
import { temporaryFolder } from '../pki/openssl.ts';
import { code } from '../pki/signing/signing-line.ts';

const folder = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

function fileOf(mode: number, ...place: string[]): string {
  const path = join(folder, ...place, `file-${mode.toString(8)}`);
  mkdirSync(join(folder, ...place), { recursive: true });
  writeFileSync(path, 'a passphrase\n');
  chmodSync(path, mode);
  return path;
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

  it('when systemd made it a credential of this service, and let its user in by an ACL', () => {
    const credential = fileOf(0o440, 'credentials');
    expect(() => passphraseFromFile(credential)).toThrow(code('CA_PERMISSIONS'));
    vi.stubEnv('CREDENTIALS_DIRECTORY', join(folder, 'credentials'));
    expect(passphraseFromFile(credential).length).toBe(12);
    expect(isPrivateFile(fileOf(0o444, 'credentials'))).toBe(false);
    expect(isPrivateFile(fileOf(0o440, 'credentials', 'below'))).toBe(false);
    expect(isPrivateFile(fileOf(0o440))).toBe(false);
  });
});
