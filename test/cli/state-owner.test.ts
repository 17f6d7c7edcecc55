import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mustBeOwner } from '../../cli/state-owner.ts';
import { newPlace } from '../support/certline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const isRoot = process.geteuid?.() === 0;

describe('root, where the state folder is that of a role', () => {
  it.skipIf(!isRoot)('changes nothing there, and reads what to type (needs root)', async () => {
    const folder = temporaryFolder();
    const passwords = join(temporaryFolder(), 'passwd');
    writeFileSync(passwords, 'root:x:0:0::/root:/bin/sh\ncertline-signer:x:64123:64123::/:/bin/false\n');
    chownSync(folder, 64_123, 64_123);
    expect(() => mustBeOwner(folder, 0, passwords)).toThrow('runuser -u certline-signer -- certline …');
    expect(() => mustBeOwner(folder, 0, join(folder, 'absent'))).toThrow("sudo -u '#64123' certline …");
    expect(() => mustBeOwner(folder, 64_123, passwords)).not.toThrow();
    const place = newPlace();
    const args = ['--state', folder, 'audit', 'checkpoint'];
    const { status, stderr } = await place.certline(...args);
    expect({ status, stderr }).toMatchObject({ status: 6, stderr: expect.stringContaining(folder) });
  });

  it('is refused nothing in a folder of its own, or where there is none yet', () => {
    const folder = temporaryFolder();
    if (isRoot) expect(() => mustBeOwner(folder)).not.toThrow();
    expect(() => mustBeOwner(join(folder, 'absent'), 0)).not.toThrow();
  });
});
