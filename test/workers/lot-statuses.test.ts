import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { BatchProgress } from '../../provisioning/batch.ts';
import type { LotStatus } from '../../reports/lot-status.ts';
import { keepLotStatuses } from '../../workers/lot-statuses.ts';
import {
  imported,
  openedRegistry,
  registration,
  registryPath,
  serialsFrom,
} from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

/** A client whose batches answer with `progress`, or not at all, or were terminated. */
type Progress = () => Partial<BatchProgress> | 'terminated' | undefined | Promise<Partial<BatchProgress>>;

function clientOf(progress: Progress): Client {
  const describe = async () => ({
    status: { name: (await progress()) === 'terminated' ? 'TERMINATED' : 'RUNNING' },
    closeTime: new Date(0),
  });
  const query = async (): Promise<Partial<BatchProgress>> => {
    const said = await progress();
    if (said === undefined || said === 'terminated') throw new Error('nobody');
    return said;
  };
  return {
    withDeadline: async (_deadline: number, work: () => Promise<unknown>) => await work(),
    workflow: { getHandle: () => ({ describe, query }) },
  } as unknown as Client;
}

const log = pino({ level: 'silent' });

async function start(progress: Progress = () => undefined, path = registryPath()) {
  const registry = openedRegistry(path);
  const inbox = temporaryFolder();
  const client = clientOf(progress);
  const role = () => keepLotStatuses({ registry, inbox, client, log, pauseMs: 10 });
  const file = join(inbox, '1.status.json');
  const status = (): LotStatus | undefined =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LotStatus) : undefined;
  const run = () => {
    const running = role();
    onTestFinished(() => running.stop());
    return running;
  };
  return { registry, inbox, status, run, file, client };
}

it('refreshes the status of a batch that runs, whether the batch answers or not', async () => {
  let says: string | undefined;
  const { registry, status, run } = await start(() =>
    says === undefined ? undefined : { attention: [], trouble: [{ code: 'SOCKET_SILENT', says }] },
  );
  await imported(registry, '1', serialsFrom(1, 3));
  run();
  // It has not started.
  await registry.recordStart('PO-1');
  await until('there is a status', () => status()?.units.open === 3);
  await registry.registerUnit(registration('CL-000001'));
  await until('the pass shows', () => status()?.units.passed === 1);
  await registry.recordAttention({
    batchId: 'PO-1',
    serial: 'CL-000002',
    attempt: 1,
    step: 'flashCredentials',
    code: 'BOARD_GONE',
  });
  await until('the wait shows', () => status()?.waiting[0]?.serials[0] === 'CL-000002');
  says = 'socket 1 is silent';
  await until('the line shows', () => status()?.line[0] === says);
  expect(status()?.units).toMatchObject({ waiting: 0, open: 2 });
});

it('is as fresh where the batch takes long to answer', async () => {
  const { registry, status, run } = await start(async () => {
    await setTimeout(1_000);
    return { attention: [], trouble: [] };
  });
  await imported(registry, '1', serialsFrom(1, 2));
  await registry.recordStart('PO-1');
  run();
  await until('there is a status', () => status()?.units.open === 2);
  await registry.registerUnit(registration('CL-000001'));
  await until('the pass shows', () => status()?.units.passed === 1);
});

it('says that a batch was ended in Temporal, and what to type', async () => {
  let isTerminated = true;
  const { registry, status, run } = await start(() => (isTerminated ? 'terminated' : { attention: [] }));
  await imported(registry, '1', serialsFrom(1, 3));
  await registry.recordStart('PO-1');
  const decidedAt = new Date().toISOString();
  await registry.recordBatchDecision('PO-1', { verdict: 'pause', decidedAt });
  run();
  await until('there is a status', () => status() !== undefined);
  expect(status()).toMatchObject({
    says: 'The lot was ended in Temporal, and a person must recover it: 0 of 3 units passed, 3 have not ended.',
    line: [
      'Batch PO-1 was terminated in Temporal at 1970-01-01T00:00:00.000Z; recover with: certline batch recover PO-1 --reason "why" --by "your name"',
    ],
  });
  isTerminated = false;
  await until('it is recovered', () => status()?.line.length === 0);
  expect(status()).toMatchObject({ state: 'running', says: expect.stringMatching(/^The lot is running/) });
});

it('leaves a status alone while nothing changes', async () => {
  const { registry, status, run, file } = await start();
  await imported(registry, '1', serialsFrom(1, 3));
  await registry.recordStart('PO-1');
  run();
  await until('there is a status', () => status() !== undefined);
  rmSync(file);
  await imported(registry, '2', serialsFrom(11, 1));
  await registry.recordStart('PO-2');
  const other = file.replace('1.status', '2.status');
  await until('the other batch was looked at twice', async () => {
    await registry.recordBatchDecision('PO-2', { verdict: 'pause', decidedAt: new Date().toISOString() });
    return existsSync(other) && (JSON.parse(readFileSync(other, 'utf8')) as LotStatus).decisions.length > 1;
  });
  expect(existsSync(file)).toBe(false);
});

it('puts right at its start what a kill left of a batch that was closed lately', async () => {
  const { registry, status, run } = await start();
  await imported(registry, '1', serialsFrom(1, 1));
  await registry.recordStart('PO-1');
  const first = run();
  await until('there is a status', () => status()?.state === 'running');
  await first.stop();
  await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
  await registry.closeBatch('PO-1');
  expect(status()?.state).toBe('running');
  run();
  await until('it is closed', () => status()?.state === 'closed');
});

it('writes into the inbox of the configuration, and nothing there about a batch that ended before it was that', async () => {
  const { registry, inbox, run, client } = await start();
  for (const name of ['1', '2']) {
    await imported(registry, name, [`CL-${name}`]);
    await registry.recordStart(`PO-${name}`);
  }
  const first = run();
  await until('there are statuses', () => readdirSync(inbox).length === 4);
  await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
  await registry.closeBatch('PO-1');
  await first.stop();
  rmSync(inbox, { recursive: true });
  const another = temporaryFolder();
  const second = keepLotStatuses({ registry, inbox: another, client, log, pauseMs: 10 });
  onTestFinished(() => second.stop());
  await until('the open batch has its status', () => existsSync(join(another, '2.status.json')));
  await registry.recordBatchDecision('PO-2', { verdict: 'pause', decidedAt: new Date().toISOString() });
  // The batches of one look are written one after the other.
  await until('both were looked at again', () =>
    readFileSync(join(another, '2.status.json'), 'utf8').includes('pause'),
  );
  await second.stop();
  expect(readdirSync(another).toSorted()).toEqual(['2.status.csv', '2.status.json']);
  expect(existsSync(inbox)).toBe(false);
});

it('writes the status of every other batch where one cannot be written, and that one when it can', async () => {
  const { registry, inbox, status, run, file } = await start();
  for (const name of ['1', '2', '3']) {
    await imported(registry, name, [`CL-${name}`]);
    await registry.recordStart(`PO-${name}`);
  }
  await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
  await registry.closeBatch('PO-1');
  writeFileSync(join(inbox, '1.result.csv'), '');
  // Folders in the places of two statuses: of the newest batch, which is written first, and of the closed one.
  const inTheWay = ['3.status.csv', '1.status.csv'].map((name) => join(inbox, name));
  for (const path of inTheWay) mkdirSync(join(path, 'x'), { recursive: true });
  run();
  await until('the other one is written', () => existsSync(file.replace('1.status', '2.status')));
  for (const path of inTheWay) rmSync(path, { recursive: true });
  await until('the newest one is written', () => existsSync(file.replace('1.status', '3.status')));
  await until('the closed one is written', () => status()?.state === 'closed');
});
