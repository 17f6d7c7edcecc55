import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isThere } from '../../disk/is-there.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('isThere', () => {
  it('knows a file, and that nothing can be missing below one', () => {
    const file = join(temporaryFolder(), 'file');
    expect(isThere(file)).toBe(false);
    writeFileSync(file, '');
    expect(isThere(file)).toBe(true);
    expect(isThere(join(file, 'below'))).toBe(false);
  });

  it('calls nothing missing that it cannot see', () => {
    const folder = temporaryFolder();
    symlinkSync('loop', join(folder, 'loop'));
    expect(() => isThere(join(folder, 'loop', 'ledger.db'))).toThrow('ELOOP');
    expect(() => isThere(join(folder, 'n'.repeat(300)))).toThrow('ENAMETOOLONG');
  });
});
