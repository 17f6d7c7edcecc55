import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

const SCRIPT = join(import.meta.dirname, 'read_back.py');
const NO_FAR_SIDE = 'there is nobody who answers';

interface FileRig extends RegistryRig {
  readonly folder: string;
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
  const again = (): FileRegistry => new FileRegistry({ name: 'site', folder, key: () => key });
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
    readBack,
    inUse: () => JSON.parse(readBack()) as string[],
    misbehave: () => undefined,
    plant: () => undefined,
    secret: readFileSync(keyPath, 'utf8').split('\n')[1]!,
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
    'no-route': NO_FAR_SIDE,
    'no-method': NO_FAR_SIDE,
    'sign-in': NO_FAR_SIDE,
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
    expect(await next.probe(plainDevice('CL-1'))).toBe('present');
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
    expect((await registry.check(new AbortController().signal))[0]?.fault).toContain(folder);
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
