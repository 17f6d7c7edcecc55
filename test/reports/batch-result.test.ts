import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyBatchResult, writeBatchResult } from '../../reports/batch-result.ts';
import { readCsv } from '../manifests/csv/read-csv.ts';
import { imported, openedRegistry } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

async function lot() {
  const registry = openedRegistry();
  await imported(registry, '1', ['CL-1']);
  const folder = temporaryFolder();
  const version = async (): Promise<number | undefined> => (await registry.batch('PO-1'))!.resultVersion;
  return { registry, batch: (await registry.batch('PO-1'))!, folder, version };
}

const versionIn = (path: string): string | undefined => readCsv(path)[0]?.['result_version'];

it('has a version once it is written, however often that failed before', async () => {
  const { registry, batch, folder, version } = await lot();
  const path = join(folder, 'sub', '1.result.csv');
  for (let time = 0; time < 3; time += 1) {
    await expect(writeBatchResult(registry, batch, path)).rejects.toMatchObject({
      code: 'MANIFEST_ANSWER_FAILED',
    });
    expect(await version()).toBeUndefined();
  }
  mkdirSync(join(folder, 'sub'));
  for (const expected of [1, 2]) {
    expect(await writeBatchResult(registry, batch, path)).toMatchObject({ version: expected });
    expect(await version()).toBe(expected);
    expect(versionIn(path)).toBe(String(expected));
  }
});

it('ends with the last version when several are written at once, each with its own', async () => {
  const { registry, batch, folder, version } = await lot();
  const path = join(folder, '1.result.csv');
  const written = await Promise.all(Array.from({ length: 4 }, () => writeBatchResult(registry, batch, path)));
  expect(new Set(written.map((each) => each.version))).toEqual(new Set([1, 2, 3, 4]));
  expect(await version()).toBe(4);
  expect(versionIn(path)).toBe('4');
});

it('in another place is a copy, which has the version of the last one and takes none', async () => {
  const { registry, batch, folder, version } = await lot();
  const copy = join(folder, 'copy.csv');
  expect(await copyBatchResult(registry, batch, copy)).toBe(0);
  expect(await version()).toBeUndefined();
  await writeBatchResult(registry, batch, join(folder, '1.result.csv'));
  expect(await copyBatchResult(registry, batch, copy)).toBe(1);
  expect(versionIn(copy)).toBe('1');
  expect(await version()).toBe(1);
});
