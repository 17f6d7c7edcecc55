import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFile } from '../../cli/made-file.ts';
import { reasonOf, sentenceOf } from '../../cli/report-failure.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

async function make(path: string): Promise<void> {
  await makeFile(path, async () => writeFile(path, 'text'));
}

describe('a file that a person wants written', () => {
  it('is refused with the path and with what to do', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'taken'));
    const cases = [
      [join(folder, 'no', 'lot.html'), 'the folder does not exist: create it'],
      [join(folder, 'taken'), 'it is a folder'],
    ] as const;
    for (const [path, says] of cases) {
      await expect(make(path)).rejects.toMatchObject({
        reason: 'disk',
        message: expect.stringContaining(`Cannot write ${path}: `),
      });
      await expect(make(path)).rejects.toThrow(says);
    }
  });

  it.each([
    ['below a file', () => join(temporaryFile('x'), 'lot.html'), 'ENOTDIR'],
    ['with a long name', () => join(temporaryFolder(), 'x'.repeat(300)), 'ENAMETOOLONG'],
    ['on a full disk', () => '/dev/full', 'ENOSPC'],
  ])('is reported as the disk says it: %s', async (_, path, code) => {
    const error: unknown = await make(path()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect({ reason: reasonOf(error), sentence: sentenceOf(error) }).toEqual({
      reason: 'disk',
      sentence: expect.stringMatching(/: [^:]+: [^:]+\.$/) as string,
    });
  });

  it('has the errors of its content as they are', async () => {
    const broken = new Error('no such batch');
    await expect(makeFile('lot.html', () => Promise.reject(broken))).rejects.toBe(broken);
  });
});
