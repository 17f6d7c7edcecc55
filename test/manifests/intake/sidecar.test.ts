import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSidecars } from '../../../manifests/intake/sidecar.ts';
import { temporaryFile, temporaryFolder } from '../../support/temporary-folder.ts';

const DIGEST = '1f2e3d4c'.repeat(8);
const LINE = `${DIGEST}  lot7.csv\n`;

function beside(make: (path: string) => void, name = 'lot7.csv', ending = '.sha256'): string {
  const path = join(temporaryFolder(), name);
  make(path + ending);
  return path;
}

function aged(path: string, seconds: number): void {
  utimesSync(path, Date.now() / 1_000 - seconds, Date.now() / 1_000 - seconds);
}

describe('the file beside a manifest', () => {
  it('need not be there', async () => {
    expect(await readSidecars(join(temporaryFolder(), 'lot7.csv'))).toEqual([]);
  });

  it.each<[string, string | Uint8Array]>([
    ['as text', LINE],
    ['with a byte order mark', `\uFEFF${LINE}`],
    ['by Windows PowerShell, in UTF-16', Buffer.from(`\uFEFF${LINE}`, 'utf16le')],
    ['in UTF-16 with the bytes in the other order', Buffer.from(`\uFEFF${LINE}`, 'utf16le').swap16()],
  ])('is read: %s', async (_case, content) => {
    const path = beside((file) => writeFileSync(file, content));
    expect(await readSidecars(path)).toEqual([{ digest: DIGEST }]);
  });

  it.each([
    ['lot7.CSV', 'lot7.CSV.SHA256'],
    ['LOT7.CSV', 'lot7.csv.sha256'],
    ['lot7.csv', 'LOT7.CSV.SHA256'],
    ['lot7.csv', 'Lot7.csv.Sha256'],
    ['Stück.csv', 'STÜCK.csv.sha256'],
  ])('may have its name in another case: %s, %s', async (manifest, sidecar) => {
    const path = beside(() => undefined, manifest);
    writeFileSync(join(path, '..', sidecar), LINE);
    expect(await readSidecars(path)).toEqual([{ digest: DIGEST }]);
  });

  it.each([
    ['lot7.csv', 'lot7.csv.sha256.txt'],
    ['lot7.csv', 'lot7.csv.sha256sum'],
    ['lot7.csv', 'lot7.sha256'],
    ['LOT7.CSV', 'lot7.sha256.txt'],
  ])('may have its name with another ending: %s, %s', async (manifest, sidecar) => {
    const path = beside(() => undefined, manifest);
    writeFileSync(join(path, '..', sidecar), LINE);
    expect(await readSidecars(path)).toEqual([{ digest: DIGEST }]);
  });

  it('is that of another manifest where that has the very name', async () => {
    const lower = temporaryFile('', 'lot7.csv');
    const upper = join(lower, '..', 'LOT7.CSV');
    writeFileSync(upper, '');
    writeFileSync(`${lower}.sha256`, LINE);
    expect(await readSidecars(lower)).toEqual([{ digest: DIGEST }]);
    expect(await readSidecars(upper)).toEqual([]);
  });

  it('is read in a folder that may be entered and not listed', async () => {
    const path = beside((file) => writeFileSync(file, LINE));
    chmodSync(join(path, '..'), 0o711);
    asNobody();
    expect(await readSidecars(path)).toEqual([{ digest: DIGEST }]);
  });

  it('is named as it is called', async () => {
    const path = beside(() => undefined, 'LOT7.CSV');
    mkdirSync(join(path, '..', 'lot7.csv.sha256'));
    expect(await readSidecars(path)).toMatchObject([
      { fault: { value: 'lot7.csv.sha256', expected: expect.stringContaining('in lot7.csv.sha256: this') } },
    ]);
  });

  it.each<[string, string, (file: string) => void]>([
    ['a cut digest', 'no complete SHA-256', (file) => writeFileSync(file, LINE.slice(0, 40))],
    [
      'two for other files',
      'none for lot7.csv',
      (file) => writeFileSync(file, `${DIGEST} a\n${'0'.repeat(64)} b\n`),
    ],
    ['a long file', '64 kB', (file) => writeFileSync(file, LINE.repeat(1_000))],
    ['a link', 'is a link, not a regular file. Delete it,', (file) => symlinkSync(temporaryFile(LINE), file)],
    ['a pipe', 'not a regular file', (file) => void spawnSync('mkfifo', [file])],
    ['a folder', 'not a regular file', (file) => mkdirSync(file)],
  ])('is refused where it is %s', async (_case, reason, make) => {
    const [reading] = await readSidecars(beside(make));
    expect(reading).toMatchObject({
      fault: {
        code: 'MANIFEST_DIGEST',
        value: 'lot7.csv.sha256',
        expected: expect.stringMatching(/ake it again \(sha256sum lot7\.csv > lot7\.csv\.sha256\)/),
      },
    });
    expect(reading).toHaveProperty('fault.expected', expect.stringContaining(reason));
  });

  it('is refused where it may not be read, unless it is new', async () => {
    const path = beside((file) => (writeFileSync(file, LINE), chmodSync(file, 0o000)), 'lot 7.csv');
    const old = beside(
      (file) => (writeFileSync(file, LINE), chmodSync(file, 0o000), aged(file, 6)),
      'lot 7.csv',
    );
    for (const each of [path, old]) chmodSync(join(each, '..'), 0o755);
    asNobody();
    expect(await readSidecars(path)).toMatchObject([{ mayFollow: true }]);
    expect(await readSidecars(old)).toMatchObject([
      {
        fault: { expected: expect.stringMatching(/no permission.*sha256sum 'lot 7\.csv' > /) },
        mayFollow: false,
      },
    ]);
  });

  it.each<[string, string, number, boolean]>([
    ['half a digest, just written', DIGEST.slice(9), 0, true],
    ['half a digest, of 6 seconds ago', DIGEST.slice(9), 6, false],
    ['an empty one, of 50 seconds ago', '', 50, true],
    ['an empty one, of 61 seconds ago', '', 61, false],
    ['a byte order mark, of 50 seconds ago', '\uFEFF', 50, true],
    ['an empty one, of tomorrow by a wrong clock', '', -86_400, false],
  ])('may follow: %s', async (_case, content, seconds, mayFollow) => {
    const path = beside((file) => (writeFileSync(file, content), aged(file, seconds)));
    expect(await readSidecars(path)).toMatchObject([{ mayFollow }]);
  });
});

/** Root may read everything: the rest of the test runs with the rights of nobody (user 65534). */
function asNobody(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(65_534);
  onTestFinished(() => process.seteuid?.(0));
}
