import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { passphraseFromFile } from '../../../pki/keys/passphrase.ts';
import { fileIn } from '../openssl.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

function code(expected: string): unknown {
  return expect.objectContaining({ code: expected });
}

describe('passphraseFromFile', () => {
  it.each([
    ['correct horse', 13],
    ['correct horse\n', 13],
    ['correct horse\r\n', 13],
    ['two lines\n\n', 10],
  ])('reads %j', (content, length) => {
    const file = fileIn(folder, 'passphrase', content);
    chmodSync(file, 0o600);
    expect(passphraseFromFile(file).length).toBe(length);
  });

  it('refuses a file that is missing, readable by others, or too short', () => {
    expect(() => passphraseFromFile(join(folder, 'nowhere'))).toThrow(code('PASSPHRASE_INVALID'));
    const file = fileIn(folder, 'open-passphrase', 'correct horse');
    chmodSync(file, 0o644);
    expect(() => passphraseFromFile(file)).toThrow(code('CA_PERMISSIONS'));
    chmodSync(file, 0o600);
    writeFileSync(file, 'short\n');
    expect(() => passphraseFromFile(file)).toThrow(code('PASSPHRASE_INVALID'));
  });
});
