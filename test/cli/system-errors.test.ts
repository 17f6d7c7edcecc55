import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { caFolder, ledgerPath } from '../../line/state-folder.ts';
import { json, newPlace } from '../support/certline.ts';
import type { Ended, Place } from '../support/certline.ts';

let place: Place;
beforeEach(() => {
  place = newPlace();
});

describe('a state folder that can be none', () => {
  it.each([
    ['is a file', 'file', 'move it away'],
    ['is below a file', 'file/state', 'a part of this path is a file'],
    ['is a link to itself', 'loop', 'links lead back to themselves'],
    ['is a link to nothing', 'nowhere', 'a symbolic link leads nowhere'],
    ['has a name that is too long', 'n'.repeat(300), 'name a shorter one'],
  ])('and %s is no defect: path and cure are said, also in JSON', async (_, name, cure) => {
    writeFileSync(join(place.folder, 'file'), '');
    symlinkSync('loop', join(place.folder, 'loop'));
    symlinkSync('absent/folder', join(place.folder, 'nowhere'));
    const path = join(place.folder, name);
    const ended = await place.certline('--state', path, 'order', 'key', 'init', '--json');
    const { error } = json(ended) as { error: { status: number; message: string } };
    expect(error).toMatchObject({ status: 50, message: expect.stringContaining(cure) });
    expect(error.message).toContain(path);
    expect(ended.status).toBe(50);
    expect(ended.stderr).not.toContain('    at ');
  });

  it('is seen by the doctor before a line starts', async () => {
    symlinkSync('absent/folder', join(place.folder, 'nowhere'));
    const { stdout } = await place.certline('--state', join(place.folder, 'nowhere'), 'doctor');
    expect(stdout).toMatch(
      /^fail {2}state folder .*nowhere is a symbolic link that leads nowhere: correct it$/m,
    );
  });
});

describe('a file that this user may not read', () => {
  beforeEach(() => {
    mkdirSync(caFolder(place.state), { recursive: true });
    writeFileSync(ledgerPath(place.state), '');
    const sealed = join(place.state, 'signer');
    chmodSync(sealed, 0);
    onTestFinished(() => chmodSync(sealed, 0o700));
  });

  it.each([
    ['audit', 'verify'],
    ['ca', 'show'],
    ['station', 'list'],
    ['order', 'close', 'PO-1001'],
  ])('is not called missing by certline %s %s', async (...args) => {
    const { status, stderr } = await asStranger(...args);
    expect(stderr).toMatch(/^certline: EACCES: .*\/signer\/.*: this user has no permission there: /);
    expect(status).toBe(50);
  });

  it('is not called missing by the doctor', async () => {
    const { stdout } = await asStranger('doctor');
    const about = stdout.split('\n').filter((line) => /^\w+ +(?:CA|ledger) /.test(line));
    expect(about).toEqual([
      expect.stringMatching(/^fail {2}CA .*EACCES.*no permission there/),
      expect.stringMatching(/^fail {2}ledger .*EACCES.*no permission there/),
    ]);
  });

  it('is not called missing if it is the configuration, or a folder of that name', async () => {
    const path = join(place.folder, 'certline.json');
    chmodSync(path, 0);
    const { status, stderr } = await asStranger('station', 'list');
    expect(stderr).toContain(
      `The configuration file ${path} cannot be read: this user has no permission there: `,
    );
    expect(status).toBe(4);
    const folder = await place.certline('--config', place.folder, 'station', 'list');
    expect(folder.stderr).toContain(`${place.folder} cannot be read: it is a folder, not a file: `);
    expect(folder.status).toBe(4);
  });
});

/** The real program, whose user may not read what belongs to others: root may otherwise read everything. */
async function asStranger(...args: string[]): Promise<Ended> {
  const root = join(import.meta.dirname, '..', '..');
  const command = [join(root, 'node_modules', '.bin', 'node'), join(root, 'cli', 'certline.ts'), ...args];
  const [file, ...rest] =
    process.geteuid?.() === 0
      ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...command]
      : command;
  return await new Promise((resolve) => {
    execFile(file!, rest, { env: place.environment, cwd: place.folder }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}
