import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { copyManifest } from '../../../manifests/intake/copy-manifest.ts';
import type { CopyResult } from '../../../manifests/intake/copy-manifest.ts';
import type { Issue } from '../../../manifests/check/issue.ts';
import { ISSUES } from '../../../manifests/issue-codes.ts';
import { temporaryFile, temporaryFolder } from '../../support/temporary-folder.ts';

const TEXT = 'order,serial,product\nPO-1,CL-1,golioth-node\n';

/** Large enough that a copy takes many turns of the event loop. */
const LARGE_BYTES = 64 * 1024 * 1024;

describe('copyManifest', () => {
  it('keeps a private copy under its hash', async () => {
    const source = temporaryFile(TEXT, 'lot 7.csv');
    const state = temporaryFolder();
    const sha256 = createHash('sha256').update(TEXT).digest('hex');
    const path = join(state, 'manifests', `${sha256}.csv`);
    const folder = join(source, '..');
    const modified = statSync(source, { bigint: true }).mtime.toISOString();
    const copy = { name: 'lot 7.csv', folder, path, sha256, bytes: TEXT.length, modified, claims: {} };
    expect(await copyManifest(source, state)).toEqual({ copy });
    expect(await copyManifest(source, state)).toEqual({ copy });
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(state, 'manifests'))).toEqual([`${sha256}.csv`]);
  });

  it.each<[string, string, (path: string) => void]>([
    ['a file that is not there', 'MANIFEST_MISSING', () => {}],
    ['a folder', 'MANIFEST_NOT_A_FILE', (path) => mkdirSync(path)],
    ['a link', 'MANIFEST_NOT_A_FILE', (path) => symlinkSync(temporaryFile(TEXT), path)],
    ['a pipe', 'MANIFEST_NOT_A_FILE', (path) => void spawnSync('mkfifo', [path])],
    ['201 MB', 'MANIFEST_TOO_LARGE', (path) => (writeFileSync(path, ''), truncateSync(path, 200_000_001))],
  ])('refuses %s', async (_case, code, make) => {
    const path = join(temporaryFolder(), 'lot.csv');
    make(path);
    const state = temporaryFolder();
    expect(codeOf(await copyManifest(path, state))).toBe(code);
    expect(existsSync(join(state, 'manifests')) ? readdirSync(join(state, 'manifests')) : []).toEqual([]);
  });

  it('refuses a name that is not that of a CSV file', async () => {
    for (const name of ['lot.xlsx', 'lot', '.csv']) {
      expect(codeOf(await copyManifest(temporaryFile(TEXT, name), temporaryFolder()))).toBe('MANIFEST_NAME');
    }
  });

  it.each([
    ['a workbook', 'lot.xlsx', 'Save as, CSV UTF-8'],
    ['a workbook of LibreOffice', 'Lot 7.ODS', 'Save as, Text CSV'],
    ['an archive', 'lot7.csv.zip', 'unpack the archive'],
    ['a shortcut of Windows', 'lot7.csv - Shortcut.lnk', 'not a link'],
    ['an ending that Windows hides', 'lot7.csv.txt', 'ends in ".txt", which Windows may hide'],
    ['a space at the end', 'lot7.csv ', 'ends in ".csv "'],
    ['a full-width point', 'lot7\uFF0Ecsv', 'no ending'],
    ['a digest of another kind', 'lot7.csv.md5', 'lot7.csv.sha256'],
  ])('says what to do about the name of %s', async (_case, name, words) => {
    expect(refusedOf(await copyManifest(temporaryFile(TEXT, name), temporaryFolder()))).toMatchObject({
      code: 'MANIFEST_NAME',
      expected: expect.stringContaining(words),
    });
  });

  it('says that a folder is one', async () => {
    const path = join(temporaryFolder(), 'lot.csv');
    mkdirSync(path);
    const refused = refusedOf(await copyManifest(path, temporaryFolder()));
    expect(refused?.expected).toContain('this is a folder');
    expect(ISSUES.MANIFEST_NOT_A_FILE.means).toContain('folder');
  });

  it('refuses a file that may not be read', async () => {
    const source = temporaryFile(TEXT);
    const state = temporaryFolder();
    chmodSync(source, 0o000);
    chmodSync(join(source, '..'), 0o755);
    chmodSync(state, 0o777);
    asNobody();
    expect(codeOf(await copyManifest(source, state))).toBe('MANIFEST_UNREADABLE');
  });

  it.each<[string, (path: string) => void]>([
    ['grows', (path) => appendFileSync(path, 'x')],
    ['is cut', (path) => truncateSync(path, 10)],
    ['is replaced', (path) => (writeFileSync(`${path}.new`, TEXT), renameSync(`${path}.new`, path))],
  ])('refuses a file that %s while it is read, and keeps nothing', async (_case, change) => {
    const source = temporaryFile('');
    truncateSync(source, LARGE_BYTES);
    const state = temporaryFolder();
    const store = join(state, 'manifests');
    const copying = copyManifest(source, state);
    while (!existsSync(store) || readdirSync(store).length === 0) await setImmediate();
    change(source);
    expect(codeOf(await copying)).toBe('MANIFEST_CHANGED');
    expect(readdirSync(store)).toEqual([]);
  });

  it('says what is the matter when there is no room for the copy', async (context) => {
    const disk = temporaryFolder();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    context.skip(mounted.status !== 0, 'a small disk can be mounted by root only');
    onTestFinished(() => void spawnSync('umount', [disk]));
    const source = temporaryFile(TEXT.repeat(100_000));
    await expect(copyManifest(source, disk)).rejects.toMatchObject({
      code: 'MANIFEST_STORE_FAILED',
      message: expect.stringMatching(/disk is full: free some space/),
    });
    expect(readdirSync(join(disk, 'manifests'))).toEqual([]);
  });
});

function codeOf(result: CopyResult): string | undefined {
  return refusedOf(result)?.code;
}

function refusedOf(result: CopyResult): Issue | undefined {
  return 'refused' in result ? result.refused : undefined;
}

/** Root may read everything: the rest of the test runs with the rights of nobody (user 65534). */
function asNobody(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}
