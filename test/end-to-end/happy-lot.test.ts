import { cpSync, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import { tampered } from '../workflows/tampered-history.ts';
import { until } from '../support/until.ts';
import { CONTRADICTIONS } from './contradictions.ts';
import { violations } from './invariants.ts';
import { placesOf, readEvidence, rowsOf } from './line-evidence.ts';
import { startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const manifests = join(import.meta.dirname, '..', '..', 'manifests');
const EXAMPLE = readFileSync(join(manifests, 'example.csv'), 'utf8');
const FAULTY = readFileSync(join(manifests, 'faulty.csv'), 'utf8');

let rig: LineRig;
beforeAll(async () => {
  rig = await startLineRig({ operator: { replaceFailed: true } });
});
afterAll(() => rig?.end());

const answered = (name: string): Promise<unknown> =>
  until(`${name} is there`, () => existsSync(join(rig.inbox, name)));
const answer = (name: string): unknown => JSON.parse(readFileSync(join(rig.inbox, name), 'utf8'));

/** Ids of the workflows that Temporal's list finds. */
async function found(query?: string): Promise<string[]> {
  const ids = [];
  for await (const { workflowId } of rig.line.client.workflow.list(query === undefined ? {} : { query })) {
    ids.push(workflowId);
  }
  return ids.sort();
}

describe('the example lot on two stations', () => {
  it('passes as a whole', async () => {
    // It does not end with a line break, as half a copy would: its answer takes a while.
    rig.drop('faulty.csv', FAULTY);
    rig.drop('example.csv', EXAMPLE);
    const batch = await rig.closed('example.csv');
    expect(await rig.line.registry.batchSummary(batch.batchId)).toMatchObject({ passed: 24, open: 0 });
  });

  it('does nothing when the same file is dropped again, under its name or another', async () => {
    rig.drop('again.csv', EXAMPLE);
    await answered('again.accepted.json');
    expect(answer('again.accepted.json')).toMatchObject({
      status: 'accepted before',
      firstManifest: 'example.csv',
    });
    rig.drop('example.csv', EXAMPLE);
    const modified = statSync(join(rig.inbox, 'example.csv')).mtime.toISOString();
    await until(
      'it is answered anew',
      () => (answer('example.accepted.json') as { file: { modified: string } }).file.modified === modified,
    );
    expect(await rig.line.registry.listBatches()).toHaveLength(1);
  });

  it('refuses another file with an old serial, and takes none of its rows', async () => {
    rig.drop('second.csv', 'order,serial,product\nPO-9,NEW-1,golioth-node\nPO-9,CL-000007,golioth-node\n');
    await answered('second.rejected.csv');
    expect(existsSync(join(rig.inbox, 'second.accepted.json'))).toBe(false);
    expect(await rig.line.registry.unit('NEW-1')).toBeUndefined();
  });

  it('refuses the faulty manifest with a row for each of its twelve faults', async () => {
    await answered('faulty.rejected.csv');
    const dropped = readEvidence(placesOf(rig.folder, rig.inbox)).manifests;
    expect(dropped.find(({ name }) => name === 'faulty.csv')?.rejection).toHaveLength(12);
    expect(dropped.find(({ name }) => name === 'second.csv')?.rejection).toMatchObject([
      { line: '3', column: 'serial', value: 'CL-000007' },
    ]);
  });

  it('is the only thing that registry, ledger and Temporal know', async () => {
    const { ledger, registry } = placesOf(rig.folder, rig.inbox);
    const count = (path: string, table: string) => rowsOf(path, `SELECT * FROM ${table}`).length;
    expect([count(registry, 'batches'), count(registry, 'units')]).toEqual([1, 24]);
    expect([count(ledger, 'batch'), count(ledger, 'released_serial'), count(ledger, 'issuance')]).toEqual([
      1, 24, 24,
    ]);
    await until('all are listed', async () => (await found()).length >= 26);
    expect(await found()).toHaveLength(26);
  });

  it('is found in Temporal by batch, order and serial', async () => {
    const { batchId } = await rig.batchOf('example.csv');
    const [batch, chunk, ...units] = await found(`ProvBatch="${batchId}"`);
    expect([batch, chunk]).toEqual([`batch/${batchId}`, `batch/${batchId}/chunk-00001`]);
    expect(units).toHaveLength(24);
    expect(await found('ProvOrder="PO-1001"')).toHaveLength(26);
    expect(await found('ProvSerial="CL-000007"')).toEqual(['unit/CL-000007']);
    expect(await found(`ProvProduct="golioth-node" AND ExecutionStatus="Completed"`)).toHaveLength(24);
    expect(await found('ProvStatus="ATTENTION"')).toEqual([]);
  });

  it('replays, every workflow of it', async () => {
    const histories = rig.line.client.workflow.list().intoHistories();
    const replayed = [];
    const options = { workflowBundle: await workflowBundle() };
    for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) {
      expect(error).toBeUndefined();
      replayed.push(workflowId);
    }
    expect(replayed).toHaveLength(26);
  });

  it('would not replay if a unit had gone another way', async () => {
    const history = await rig.line.client.workflow.getHandle('unit/CL-000007').fetchHistory();
    const replayed = Worker.runReplayHistory(
      { workflowBundle: await workflowBundle() },
      tampered(history, 'signCertificate'),
      'unit/CL-000007',
    );
    await expect(replayed).rejects.toThrow(/signCertificate/);
  });

  it('leaves nothing that contradicts anything', async () => {
    await rig.down();
    const places = placesOf(rig.folder, rig.inbox);
    expect(violations(places)).toEqual([]);
    expect(readEvidence(places).units.every(({ outcome }) => outcome === 'PASS')).toBe(true);
  });
});

describe('the checker', () => {
  it.each(CONTRADICTIONS)('notices $what', ({ breaks, make }) => {
    const copy = mkdtempSync(join(rig.folder, 'copy-'));
    const keeps = (path: string) => !/\/(temporal|ports)$/.test(path);
    for (const name of ['registry.db', 'signer', 'stations', 'virtual-line', 'inbox']) {
      cpSync(join(rig.folder, name), join(copy, name), { recursive: true, filter: keeps });
    }
    const places = placesOf(copy, join(copy, 'inbox'));
    make(places);
    expect(violations(places)).toContainEqual(expect.stringMatching(new RegExp(`^${breaks}: `)));
  });
});
