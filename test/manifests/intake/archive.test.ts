import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { writeAnswer } from '../../../manifests/answer/write-answer.ts';
import type { AnsweredFile } from '../../../manifests/answer/answers.ts';
import { issue } from '../../../manifests/check/issue.ts';
import { rejectedFile } from '../../../manifests/check/verdict.ts';
import { archiveDone } from '../../../manifests/intake/archive.ts';
import type { LotEnd } from '../../../manifests/intake/archive.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const HOUR_MS = 3_600_000;
const MONDAY = '2026-01-05T10:00:00.000Z';

let folder: string;
let ends: Map<string, LotEnd>;

beforeEach(() => {
  folder = temporaryFolder();
  ends = new Map();
});

function drop(...names: string[]): void {
  for (const name of names) writeFileSync(join(folder, name), `${name}\n`);
}

/** Replaces a file by one of the same size and time of change, as `cp -p` may, in a later moment of the disk's clock. */
function dropAgain(name: string): void {
  const path = join(folder, name);
  const { mtime, size } = statSync(path);
  const { ctimeNs } = statSync(path, { bigint: true });
  writeFileSync(path, 'x'.repeat(size));
  do utimesSync(path, mtime, mtime);
  while (statSync(path, { bigint: true }).ctimeNs <= ctimeNs + 20_000_000n);
}

function stateOf(name: string, sha256: string): AnsweredFile {
  const { size, mtime } = statSync(join(folder, name), { bigint: true });
  return { name, bytes: Number(size), modified: mtime.toISOString(), sha256: sha256.padEnd(64, '0') };
}

/** Accepts the manifest that is there as a batch, which has ended. */
async function accept(
  name: string,
  batchId: string,
  about: { readonly sha256?: string; readonly duplicateOf?: string } = {},
): Promise<void> {
  const { sha256 = 'aaaaaaaa', ...more } = about;
  const accepted = { status: 'accepted', batchId, order: 'PO-1', rows: 1, importedAt: MONDAY } as const;
  await writeAnswer(folder, stateOf(name, sha256), { ...accepted, ...more });
  ends.set(batchId, { closedAt: MONDAY, endedAt: MONDAY });
}

async function refuse(name: string): Promise<void> {
  await writeAnswer(folder, stateOf(name, 'ffffffff'), rejectedFile(issue('MANIFEST_NO_ROWS')));
}

async function archive(before = Date.now() + HOUR_MS): Promise<number> {
  return await archiveDone(folder, async (batchId) => ends.get(batchId), before);
}

/** Makes a file as old as yesterday. */
function age(name: string): void {
  const yesterday = new Date(Date.now() - 24 * HOUR_MS);
  utimesSync(join(folder, name), yesterday, yesterday);
}

/** Every file, with its folder. */
function files(): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return all.map((entry) => relative(folder, join(entry.parentPath, entry.name))).toSorted();
}

const in7 = (...names: string[]): string[] => names.map((name) => join('done', '2026-01-05', 'PO-7', name));

describe('a lot that has ended', () => {
  it('goes into the archive with all that belongs to it', async () => {
    const names = [
      'lot7.csv',
      'lot7.csv.sha256',
      'lot7.report.html',
      'lot7.result.csv',
      'lot7.status.csv',
      'lot7.status.json',
    ];
    drop(...names);
    await accept('lot7.csv', 'PO-7');
    expect(await archive()).toBe(1);
    expect(files()).toEqual(in7('lot7.accepted.json', ...names));
  });

  it('stays while a batch of it is open, or ended less than the time ago', async () => {
    drop('lot7.csv');
    await accept('lot7.csv', 'PO-7');
    for (const end of [undefined, { closedAt: MONDAY, endedAt: new Date().toISOString() }]) {
      ends = new Map(end && [['PO-7', end]]);
      expect(await archive(Date.now() - HOUR_MS)).toBe(0);
    }
    expect(files()).toEqual(['lot7.accepted.json', 'lot7.csv']);
  });

  it('stays where the acceptance of another batch of its name is damaged', async () => {
    drop('lot7.csv');
    await accept('lot7.csv', 'PO-7');
    writeFileSync(join(folder, 'lot7.csv'), 'another one\n');
    await accept('lot7.csv', 'PO-8', { sha256: 'bbbbbbbb' });
    writeFileSync(join(folder, 'lot7.accepted.json'), '{');
    expect(await archive()).toBe(0);
  });

  it('goes although somebody has deleted its manifest', async () => {
    drop('lot7.result.csv', 'lot7.csv');
    await accept('lot7.csv', 'PO-7');
    rmSync(join(folder, 'lot7.csv'));
    expect(await archive()).toBe(1);
    expect(files()).toEqual(in7('lot7.accepted.json', 'lot7.result.csv'));
  });

  it('does not keep others from the archive when it cannot be moved', async () => {
    drop('lot6.csv', 'lot7.csv');
    await accept('lot6.csv', 'PO-6');
    await accept('lot7.csv', 'PO-7');
    mkdirSync(join(folder, 'done', '2026-01-05'), { recursive: true });
    writeFileSync(join(folder, 'done', '2026-01-05', 'PO-6'), 'in the way');
    await expect(archive()).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(files()).toEqual(expect.arrayContaining(in7('lot7.accepted.json', 'lot7.csv')));
    expect(files()).toEqual(expect.arrayContaining(['lot6.csv']));
  });
});

describe('a manifest under the name of a lot that has ended', () => {
  it.each<[string, () => void]>([
    ['another one', () => drop('lot7.csv')],
    ['one of the same size and time', () => dropAgain('lot7.csv')],
  ])('stays with all of its name while it is not answered: %s', async (_what, again) => {
    writeFileSync(join(folder, 'lot7.csv'), 'the first one\n');
    drop('lot7.result.csv');
    await accept('lot7.csv', 'PO-7');
    again();
    expect(await archive()).toBe(0);
    expect(files()).toEqual(['lot7.accepted.json', 'lot7.csv', 'lot7.result.csv']);
  });

  it('stays while it is refused, and its answer for the time after it is gone', async () => {
    drop('lot7.csv');
    await accept('lot7.csv', 'PO-7');
    writeFileSync(join(folder, 'lot7.csv'), 'another one\n');
    await refuse('lot7.csv');
    expect(await archive()).toBe(0);
    rmSync(join(folder, 'lot7.csv'));
    age('lot7.accepted.json');
    expect(await archive(Date.now() - HOUR_MS)).toBe(0);
    age('lot7.rejected.csv');
    expect(await archive(Date.now() - HOUR_MS)).toBe(1);
    expect(files()).toEqual(in7('lot7.accepted.json', 'lot7.rejected.csv'));
  });

  it('may have its digest there already', async () => {
    drop('lot7.csv');
    await accept('lot7.csv', 'PO-7');
    age('lot7.accepted.json');
    rmSync(join(folder, 'lot7.csv'));
    drop('lot7.csv.sha256');
    age('lot7.csv.sha256');
    expect(await archive(Date.now() - HOUR_MS)).toBe(0);
    expect(files()).toEqual(['lot7.accepted.json', 'lot7.csv.sha256']);
  });

  it('goes when it is accepted and its batch has ended, too', async () => {
    drop('lot7.csv');
    await accept('lot7.csv', 'PO-7');
    writeFileSync(join(folder, 'lot7.csv'), 'another one\n');
    await accept('lot7.csv', 'PO-8', { sha256: 'bbbbbbbb' });
    drop('lot7.result.csv', 'lot7.result.PO-8.csv');
    expect(await archive()).toBe(1);
    expect(files()).toEqual(
      in7(
        'lot7.accepted.json',
        'lot7.bbbbbbbb.accepted.json',
        'lot7.csv',
        'lot7.result.PO-8.csv',
        'lot7.result.csv',
      ),
    );
  });

  it('never replaces one that is in the archive', async () => {
    drop('lot7.csv');
    await accept('lot7.csv', 'PO-7');
    await archive();
    const first = readFileSync(join(folder, ...in7('lot7.accepted.json')), 'utf8');
    for (const time of [2, 3]) {
      drop('lot7.csv');
      await accept('lot7.csv', 'PO-7');
      expect(await archive()).toBe(1);
      expect(existsSync(join(folder, 'done', '2026-01-05', `PO-7.${time}`, 'lot7.accepted.json'))).toBe(true);
    }
    expect(readFileSync(join(folder, ...in7('lot7.accepted.json')), 'utf8')).toBe(first);
  });
});

describe('a duplicate of a lot that ended long ago', () => {
  it('stays, with its answer, for the time from that answer on', async () => {
    drop('lot8.csv');
    await accept('lot8.csv', 'PO-7', { duplicateOf: 'lot7.csv' });
    expect(await archive(Date.now() - HOUR_MS)).toBe(0);
    age('lot8.accepted.json');
    // The answer is older than the manifest now: to the line it is dropped again.
    expect(await archive(Date.now() - HOUR_MS)).toBe(0);
    rmSync(join(folder, 'lot8.csv'));
    expect(await archive(Date.now() - HOUR_MS)).toBe(1);
    expect(files()).toEqual(in7('lot8.accepted.json'));
  });

  it('does not take a batch of its own name into the folder of another name', async () => {
    drop('lot8.csv');
    await accept('lot8.csv', 'PO-7', { duplicateOf: 'lot7.csv' });
    writeFileSync(join(folder, 'lot8.csv'), 'another one\n');
    await accept('lot8.csv', 'PO-8', { sha256: 'bbbbbbbb' });
    drop('lot8.result.csv');
    await archive();
    expect(new Set(files().map((file) => dirname(file)))).toEqual(
      new Set([join('done', '2026-01-05', 'PO-8')]),
    );
  });
});

describe('a name', () => {
  const all = (stem: string, ...more: string[]): string[] =>
    ['csv', 'csv.sha256', 'result.csv', 'report.html', 'status.json', 'status.csv', ...more].map(
      (end) => `${stem}.${end}`,
    );

  it.each(['lot7.20240301', 'lot7.2', 'x.report', '(a+b)'])(
    '%s leaves no file behind, and takes none of another name along',
    async (stem) => {
      drop(...all(stem));
      const others = [...all('lot7', 'rejected.csv'), 'x.csv', 'x.rejected.csv'];
      drop(...others);
      await accept(`${stem}.csv`, 'PO-7');
      expect(await archive()).toBe(1);
      const stays = files().filter((file) => !file.startsWith('done'));
      expect(stays).toEqual(others.toSorted());
      expect(files()).toEqual([...in7(`${stem}.accepted.json`, ...all(stem)), ...others].toSorted());
    },
  );

  it.each([
    ['of another file', { name: 'lot8.csv' }],
    ['outside of the folder', { name: '../lot7.csv' }],
    ['with a folder', { name: 'done/../lot7.csv' }],
    ['that is none', { name: 7 }],
  ])('%s in an acceptance makes it no acceptance', async (_what, other) => {
    drop('lot7.csv', 'lot8.csv');
    await accept('lot7.csv', 'PO-7');
    const path = join(folder, 'lot7.accepted.json');
    const answer = JSON.parse(readFileSync(path, 'utf8')) as { file: object };
    writeFileSync(path, JSON.stringify({ ...answer, file: { ...answer.file, ...other } }));
    expect(await archive()).toBe(0);
    expect(files()).toEqual(['lot7.accepted.json', 'lot7.csv', 'lot8.csv']);
  });
});
