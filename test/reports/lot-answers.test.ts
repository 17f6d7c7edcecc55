import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { archiveFolder } from '../../manifests/answer/archive-folder.ts';
import { writeAnswer } from '../../manifests/answer/write-answer.ts';
import { archiveDone } from '../../manifests/intake/archive.ts';
import type { Registry } from '../../registry/registry.ts';
import { rewriteAnswers } from '../../reports/closed-batch-answers.ts';
import { filesOf, writeStatus } from '../../reports/lot-answers.ts';
import { lotEnd } from '../../workers/lot-end.ts';
import { imported, openedRegistry } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ANSWERS = ['1.report.html', '1.result.csv', '1.status.csv', '1.status.json'];

async function closed(registry: Registry, supplement?: number): Promise<void> {
  await registry.endOpenUnits('PO-1', 'HOLD', 'CLOSED_SHORT', supplement);
  await registry.closeBatch('PO-1', supplement);
}

async function closedLot() {
  const registry = openedRegistry();
  const inbox = temporaryFolder();
  await imported(registry, '1', ['CL-1']);
  await closed(registry);
  await rewriteAnswers(registry, inbox, 'PO-1');
  return { registry, inbox };
}

it('stay in one place, together with the manifest: in the archive, once that is there', async () => {
  const { registry, inbox } = await closedLot();
  writeFileSync(join(inbox, '1.csv'), '');
  const file = { name: '1.csv', bytes: 0, modified: '', sha256: '' };
  const accepted = { status: 'accepted', batchId: 'PO-1', order: 'PO-1', rows: 1, importedAt: '' } as const;
  await writeAnswer(inbox, file, accepted);
  // Nobody sees to the manifest itself here.
  const { closedAt } = (await registry.batch('PO-1'))!;
  const folder = archiveFolder(inbox, 'PO-1', closedAt!);
  mkdirSync(folder, { recursive: true });
  renameSync(join(inbox, '1.csv'), join(folder, '1.csv'));
  const later = Date.now() + 48 * 3_600_000;
  expect(await archiveDone(inbox, (batchId) => lotEnd(registry, batchId), later)).toBe(1);
  const archived = ['1.accepted.json', '1.csv', ...ANSWERS];
  expect(readdirSync(folder).toSorted()).toEqual(archived.toSorted());

  const decision = { verdict: 'rerun', reason: 'x', by: 'Ada', decidedAt: new Date().toISOString() };
  await registry.openSupplement({ batchId: 'PO-1', number: 1, choice: {}, decision });
  const status = (): unknown => JSON.parse(readFileSync(join(folder, '1.status.json'), 'utf8'));
  const batch = (await registry.batch('PO-1'))!;
  await writeStatus(registry, await filesOf(registry, inbox, batch), batch);
  expect(status()).toMatchObject({ units: { open: 1 } });
  await closed(registry, 1);
  await rewriteAnswers(registry, inbox, 'PO-1');
  expect(status()).toMatchObject({ state: 'closed', result: { file: '1.result.csv', version: 2 } });
  expect(readdirSync(inbox)).toEqual(['done']);
  expect(readdirSync(folder).toSorted()).toEqual(archived.toSorted());
});

it('are found in the folder of another batch whose manifest had the same name', async () => {
  const registry = openedRegistry();
  const inbox = temporaryFolder();
  for (const [at, batchId] of ['PO-1', 'PO-2'].entries()) {
    const named = { batchId, order: 'PO', manifest: 'acme/lot.csv', manifestSha256: String(at).repeat(64) };
    await registry.importBatch({ ...named, quantity: 1 }, rows(`CL-${at}`));
    await registry.closeBatch(batchId);
  }
  const [one, two] = [(await registry.batch('PO-1'))!, (await registry.batch('PO-2'))!];
  const result = async () => (await filesOf(registry, inbox, two)).result;
  const dropped = join(inbox, 'acme', 'lot.result.PO-2.csv');
  expect(await result()).toBe(dropped);
  const folder = archiveFolder(join(inbox, 'acme'), 'PO-1', one.closedAt!);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'lot.status.PO-2.json'), '{}');
  expect(await result()).toBe(join(folder, 'lot.result.PO-2.csv'));
  // Of the first batch, nothing was moved.
  expect(dirname((await filesOf(registry, inbox, one)).result)).toBe(join(inbox, 'acme'));
  expect(existsSync(dropped)).toBe(false);
});

async function* rows(serial: string) {
  yield { serial, product: 'node', attrs: {} };
}
