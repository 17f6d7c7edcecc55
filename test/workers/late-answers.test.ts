import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { rewriteAnswers } from '../../reports/closed-batch-answers.ts';
import { writeLateAnswers } from '../../workers/late-answers.ts';
import { imported, openedRegistry, registration } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

it('the answers of a closed batch follow its record, although nobody sees to them', async () => {
  const registry = openedRegistry();
  const inbox = temporaryFolder();
  await imported(registry, '1', ['CL-1']);
  await registry.registerUnit(registration('CL-1'));
  await registry.closeBatch('PO-1');
  await rewriteAnswers(registry, inbox, 'PO-1');
  const { certificateSha256, certificateSerial } = registration('CL-1');
  const read = (name: string): string => readFileSync(join(inbox, name), 'utf8');
  expect(read('1.result.csv')).toContain(certificateSha256);

  const log = pino({ level: 'silent' });
  const role = writeLateAnswers({ registry, inbox, log, lateMs: 0, pauseMs: 10 });
  onTestFinished(() => role.stop());
  const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00.000Z' }];
  await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });

  await until('the result has it', () => !read('1.result.csv').includes(certificateSha256));
  await until('nothing is late', async () => (await registry.lateAnswers('2999')).length === 0);
  expect(read('1.result.csv')).toContain('"2","B2"');
  expect(JSON.parse(read('1.status.json'))).toMatchObject({ result: { version: 2 } });
  await role.stop();
});

it('a lot whose folder cannot be written does not keep those of others from being written, and gets no version', async () => {
  const registry = openedRegistry();
  const inbox = temporaryFolder();
  for (const name of ['1', '2', '3']) {
    await imported(registry, name, [`CL-${name}`]);
    await registry.closeBatch(`PO-${name}`);
  }
  // A folder in the place of the first result.
  const inTheWay = join(inbox, '1.result.csv');
  mkdirSync(join(inTheWay, 'x'), { recursive: true });
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const role = writeLateAnswers({ registry, inbox, log, lateMs: 0, pauseMs: 10 });
  onTestFinished(() => role.stop());
  const late = () => registry.lateAnswers('2999');
  await until('the others are written', async () => (await late()).join() === 'PO-1');
  await until('it was tried again', () => lines.length > 2);
  expect(JSON.parse(lines[0]!)).toMatchObject({ batchId: 'PO-1', err: { code: 'MANIFEST_ANSWER_FAILED' } });
  rmSync(inTheWay, { recursive: true });
  await until('nothing is late', async () => (await late()).length === 0);
  expect(JSON.parse(readFileSync(join(inbox, '1.status.json'), 'utf8'))).toMatchObject({
    result: { version: 1 },
  });
});
