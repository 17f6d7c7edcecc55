import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureRoleKey } from '../../../pki/keys/station-key.ts';
import { FileRegistry } from '../../../registry/file/file-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import { passedLot } from '../outbox/drained.ts';

const SCRIPT = join(import.meta.dirname, 'read_back.py');
const SIGNAL = new AbortController().signal;
const NO_FAR_SIDE = 'there is nobody who answers';

interface FileRig extends RegistryRig {
  readonly folder: string;
  /** Where the last note is kept. */
  readonly lastNote: string;
  /** The certificates in use, or what is wrong, as a script says that shares no code with Certline. */
  readonly readBack: () => string;
  /** The same folder, as a process that starts finds it. */
  readonly again: () => FileRegistry;
}

async function fileRig(): Promise<FileRig> {
  const folder = join(temporaryFolder(), 'devices');
  const keyPath = join(temporaryFolder(), 'intake.key.pem');
  const key = ensureRoleKey(keyPath, 'intake');
  const publicPath = join(temporaryFolder(), 'intake.pub.pem');
  writeFileSync(publicPath, createPublicKey(key.privateKey).export({ format: 'pem', type: 'spki' }));
  const lastNote = join(temporaryFolder(), 'state', 'site.note');
  const again = (): FileRegistry => new FileRegistry({ name: 'site', folder, lastNote, key: () => key });
  const readBack = (): string => {
    if (!existsSync(folder)) return '[]';
    const { status, stdout, stderr } = spawnSync('python3', [SCRIPT, folder, publicPath], {
      encoding: 'utf8',
    });
    return status === 0 ? stdout : stderr;
  };
  return {
    registry: again(),
    again,
    folder,
    lastNote,
    readBack,
    inUse: () => JSON.parse(readBack()) as string[],
    misbehave: () => undefined,
    plant: () => undefined,
    secrets: () => [readFileSync(keyPath, 'utf8').split('\n')[1]!],
  };
}

describeDeviceRegistry(
  'a folder of files',
  fileRig,
  { device: plainDevice, refusedDevice: () => plainDevice('CL-REFUSED') },
  {
    'conflict-ours': NO_FAR_SIDE,
    'conflict-others': NO_FAR_SIDE,
    refused: NO_FAR_SIDE,
    'timeout-after-commit': NO_FAR_SIDE,
    'cut-after-commit': NO_FAR_SIDE,
    slow: NO_FAR_SIDE,
    endless: NO_FAR_SIDE,
    garbage: NO_FAR_SIDE,
    throttle: NO_FAR_SIDE,
    'server-error': NO_FAR_SIDE,
    'bad-credentials': NO_FAR_SIDE,
    'stale-read': NO_FAR_SIDE,
    'other-protocol': NO_FAR_SIDE,
    'no-route': NO_FAR_SIDE,
    'no-method': NO_FAR_SIDE,
    'sign-in': NO_FAR_SIDE,
    stub: NO_FAR_SIDE,
    'mixed-up': NO_FAR_SIDE,
    compressed: NO_FAR_SIDE,
    'hang-up': NO_FAR_SIDE,
  },
);

describe('the parts of a folder', () => {
  it('are continued by the next process, and what a killed one left is used again', async () => {
    const { registry, again, folder, inUse } = await fileRig();
    await outcomeOf(registry, 'put', plainDevice('CL-1'));
    writeFileSync(join(folder, '00002.ndjson'), '{"half a row');
    const next = again();
    expect(await outcomeOf(next, 'put', plainDevice('CL-2'))).toBe('done');
    expect(readdirSync(folder).toSorted()).toEqual(
      ['00001', '00002'].flatMap((part) => [`${part}.csv`, `${part}.ndjson`, `${part}.note`]),
    );
    expect(await inUse()).toHaveLength(2);
  });

  it('are not read to find what may be written already: it is written again, and the last row counts', async () => {
    const { registry: site, folder, readBack } = await fileRig();
    const { drained, depth, registry } = await passedLot(3, ['site']);
    await outcomeOf(site, 'put', plainDevice('CL-9'));
    const [parts, elsewhere] = [temporaryFolder(), temporaryFolder()];
    renameSync(folder, join(parts, 'devices'));
    writeFileSync(folder, 'not a folder');
    await drained(site, 4_000);
    expect(await depth('site')).toMatchObject({ waiting: 3, done: 0 });
    rmSync(folder);
    renameSync(join(parts, 'devices'), folder);
    // Somebody carries the rows away, and leaves the note.
    renameSync(join(folder, '00001.ndjson'), join(elsewhere, '00001.ndjson'));
    await registry.outbox.retry({});
    await drained(site);
    expect(await depth('site')).toMatchObject({ waiting: 0, done: 3 });
    renameSync(join(elsewhere, '00001.ndjson'), join(folder, '00001.ndjson'));
    expect(JSON.parse(readBack())).toHaveLength(4);
  });

  it.each([
    ['a changed row', (folder: string) => edit(join(folder, '00001.ndjson'), 'CL-1', 'CL-9'), 'was changed'],
    [
      'a changed note',
      (folder: string) => edit(join(folder, '00001.note'), 'rows 1', 'rows 2'),
      'not signed',
    ],
    ['a missing part', (folder: string) => rmSync(join(folder, '00001.note')), 'is missing'],
    [
      'an exchanged part',
      (folder: string) => writeFileSync(join(folder, '00002.note'), readFileSync(join(folder, '00001.note'))),
      'does not follow',
    ],
  ])('show %s', async (_what, change, says) => {
    const { registry, folder, readBack } = await fileRig();
    for (const serial of ['CL-1', 'CL-2', 'CL-3']) await outcomeOf(registry, 'put', plainDevice(serial));
    expect(JSON.parse(readBack())).toHaveLength(3);
    change(folder);
    expect(readBack()).toContain(says);
  });

  it('continue where they were, although all of them were carried away, also in the next process', async () => {
    const { registry, again, folder, readBack } = await fileRig();
    const site = temporaryFolder();
    const carry = (): void => {
      for (const name of readdirSync(folder)) renameSync(join(folder, name), join(site, name));
    };
    for (const serial of ['CL-1', 'CL-2']) await outcomeOf(registry, 'put', plainDevice(serial));
    carry();
    expect(await outcomeOf(registry, 'put', plainDevice('CL-3'))).toBe('done');
    expect(readdirSync(folder)).toEqual(['00003.csv', '00003.ndjson', '00003.note']);
    carry();
    expect(await outcomeOf(again(), 'put', plainDevice('CL-4'))).toBe('done');
    expect(readdirSync(folder)).toContain('00004.note');
    // Parts that are lost are missed where the others arrive.
    expect(readBack()).toContain('a part is missing');
    carry();
    for (const name of readdirSync(site)) renameSync(join(site, name), join(folder, name));
    expect(JSON.parse(readBack())).toHaveLength(4);
  });

  it('of an earlier version are continued, and a part that a power cut left without its note gets it', async () => {
    const { registry, again, folder, lastNote, readBack } = await fileRig();
    await outcomeOf(registry, 'put', plainDevice('CL-1'));
    rmSync(lastNote);
    expect(await outcomeOf(again(), 'put', plainDevice('CL-2'))).toBe('done');
    expect(JSON.parse(readBack())).toHaveLength(2);
    rmSync(join(folder, '00002.note'));
    expect(await outcomeOf(again(), 'put', plainDevice('CL-3'))).toBe('done');
    expect(JSON.parse(readBack())).toHaveLength(3);
    expect(readdirSync(folder)).toContain('00003.note');
  });

  it('that are newer than the state folder are continued if this host signed them', async () => {
    const { registry, again, folder, lastNote, readBack } = await fileRig();
    await outcomeOf(registry, 'put', plainDevice('CL-1'));
    const old = readFileSync(lastNote);
    for (const serial of ['CL-2', 'CL-3']) await outcomeOf(registry, 'put', plainDevice(serial));
    writeFileSync(lastNote, old);
    expect(await outcomeOf(again(), 'put', plainDevice('CL-4'))).toBe('done');
    expect(readdirSync(folder)).toContain('00004.note');
    expect(JSON.parse(readBack())).toHaveLength(4);
  });

  it.each([
    [
      'the last note was changed',
      (folder: string) => edit(join(folder, '00002.note'), 'rows 1', 'rows 2'),
      '00002.note',
    ],
    [
      'somebody else wrote the newest part',
      (folder: string) => writeFileSync(join(folder, '00009.note'), 'part 00009\n'),
      '00009.note',
    ],
    [
      'an old note has the number of a new part',
      (folder: string) => copyFileSync(join(folder, '00001.note'), join(folder, '00009.note')),
      '00009.note',
    ],
  ])('are not continued where %s, until a person has looked', async (_why, change, name) => {
    const { registry, folder } = await fileRig();
    for (const serial of ['CL-1', 'CL-2']) await outcomeOf(registry, 'put', plainDevice(serial));
    change(folder);
    const before = readdirSync(folder);
    const refused = { reason: 'credentials', message: expect.stringContaining(join(folder, name)) };
    expect(await outcomeOf(registry, 'put', plainDevice('CL-3'))).toMatchObject(refused);
    expect((await registry.check(SIGNAL))[0]?.fault).toContain(join(folder, name));
    expect(readdirSync(folder)).toEqual(before);
    rmSync(join(folder, name));
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
    expect(await outcomeOf(registry, 'put', plainDevice('CL-3'))).toBe('done');
    expect(readdirSync(folder)).toEqual(['00003.csv', '00003.ndjson', '00003.note']);
  });

  it('have text in place of a formula in the CSV', async () => {
    const { registry, folder } = await fileRig();
    await outcomeOf(registry, 'put', { ...plainDevice('CL-1'), organization: '=HYPERLINK("x")' });
    expect(readFileSync(join(folder, '00001.csv'), 'utf8')).toContain(`"'=HYPERLINK(""x"")"`);
  });
});

describe('a folder that cannot be used', () => {
  it('is said to be so, and used when it can be', async () => {
    const { registry, folder, inUse } = await fileRig();
    writeFileSync(folder, 'a file');
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({
      reason: 'unavailable',
      message: expect.stringContaining(folder),
    });
    expect((await registry.check(SIGNAL))[0]?.fault).toContain(folder);
    rmSync(folder);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
    expect(await inUse()).toHaveLength(1);
  });
});

function edit(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}
