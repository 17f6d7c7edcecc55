import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkOwners } from '../../../cli/doctor/check-owners.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const isRoot = process.geteuid?.() === 0;

describe('what belongs to another user than the state folder', () => {
  it('is nothing in a folder that one user has written, or that is not there', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'signer'));
    writeFileSync(join(folder, 'signer', 'ledger.db'), '');
    expect(checkOwners(folder)).toEqual([]);
    expect(checkOwners(join(folder, 'absent'))).toEqual([]);
  });

  it.skipIf(!isRoot)('is named, with what to type (needs root)', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'signer'));
    for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, 'signer', name), '');
    chownSync(folder, 64_123, 64_123);
    chownSync(join(folder, 'signer'), 64_123, 64_123);
    const [finding] = checkOwners(folder);
    expect(finding).toMatchObject({ check: 'owner', verdict: 'fail', reason: 'disk' });
    expect(finding!.says).toContain(`${join(folder, 'signer', 'a')}, `);
    expect(finding!.says).toContain(' and 1 more in the state folder belong to another user');
    expect(finding!.says).toContain(`chown -R 64123: ${folder}`);
  });
});
