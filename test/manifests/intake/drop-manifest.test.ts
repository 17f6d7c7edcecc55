import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dropManifest } from '../../../manifests/intake/drop-manifest.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const CONTENT = Buffer.from('order,serial,product\nPO-1,CL-1,node\n');

describe('dropping a manifest', () => {
  it('makes the folder, leaves the whole file and nothing else, and says what the answer will be about', async () => {
    const inbox = join(temporaryFolder(), 'in', 'box');
    const dropped = await dropManifest(inbox, 'lot-1.csv', CONTENT);
    expect(readdirSync(inbox)).toEqual(['lot-1.csv']);
    expect(readFileSync(join(inbox, 'lot-1.csv'))).toEqual(CONTENT);
    const modified = new Date(
      Number(statSync(join(inbox, 'lot-1.csv'), { bigint: true }).mtimeMs),
    ).toISOString();
    expect(dropped).toMatchObject({ name: 'lot-1.csv', bytes: CONTENT.length, modified, isNew: true });
    expect(dropped!.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('leaves the same file as it is', async () => {
    const inbox = temporaryFolder();
    const first = await dropManifest(inbox, 'lot-1.csv', CONTENT);
    const { ino } = statSync(join(inbox, 'lot-1.csv'));
    expect(await dropManifest(inbox, 'lot-1.csv', CONTENT)).toEqual({ ...first, isNew: false });
    expect(statSync(join(inbox, 'lot-1.csv')).ino).toBe(ino);
  });

  it('never takes the name of another file', async () => {
    const inbox = temporaryFolder();
    writeFileSync(join(inbox, 'lot-1.csv'), 'another one');
    expect(await dropManifest(inbox, 'lot-1.csv', CONTENT)).toBeUndefined();
    expect(readFileSync(join(inbox, 'lot-1.csv'), 'utf8')).toBe('another one');
    expect(readdirSync(inbox)).toEqual(['lot-1.csv']);
  });

  it('says why it cannot', async () => {
    const inbox = join(temporaryFolder(), 'inbox');
    writeFileSync(inbox, 'a file, not a folder');
    await expect(dropManifest(inbox, 'lot-1.csv', CONTENT)).rejects.toMatchObject({
      code: 'MANIFEST_INBOX_FAILED',
    });
    mkdirSync(`${inbox}-2/lot-1.csv`, { recursive: true });
    await expect(dropManifest(`${inbox}-2`, 'lot-1.csv', CONTENT)).rejects.toMatchObject({
      code: 'MANIFEST_INBOX_FAILED',
    });
  });
});
