import { expect, it } from 'vitest';
import { preparedWhile, wideSteps } from '../../support/sqlite-plans.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeCa } from '../leaf.ts';
import { makeLine, openLine, release, requestFor } from '../signing/signing-line.ts';
import { liveThrough } from './live-through.ts';

it('no statement of the ledger on SQLite about one unit reads the units of a batch or a whole table', async () => {
  const ca = await makeCa(temporaryFolder());
  const before = makeLine(temporaryFolder(), ca);
  const { path } = before;
  await release(before, ['ACME-1', 'ACME-2', 'ACME-3']);
  await before.issuer.issue(requestFor('ACME-3'));
  await before.ledger.close();
  const line = openLine(path, ca);
  const texts = await preparedWhile(() => liveThrough(line, ['ACME-1', 'ACME-2']));
  await line.ledger.close();
  expect(texts.length).toBeGreaterThan(20);
  expect(wideSteps(path, texts)).toEqual([]);
});
