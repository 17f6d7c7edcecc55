import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { temporalFolder } from '../../line/state-folder.ts';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { until } from '../support/until.ts';
import { KeySearch, secretOf } from './key-search.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';
import { searchMessage, searchTemporal } from './temporal-surfaces.ts';

const UNITS = 6;
/** The one place where keys may be. */
const isFlash = (path: string): boolean => /\/virtual-line\/boards\/[0-9a-f]{32}\/lfs1\//.test(path);

const everybodysTemp = tmpdir();
const before = new Set(readdirSync(everybodysTemp));
let temp: string;
let server: TemporalServer;
let rig: LineRig;
/** What the server told of workflows while they ran: pending activities and their heartbeats are gone afterwards. */
const whileRunning: unknown[] = [];

beforeAll(async () => {
  // Whatever this process and its children put into the temporary folder lies here.
  temp = mkdtempSync(join(everybodysTemp, 'certline-leak-'));
  process.env['TMPDIR'] = temp;
  rig = await startLineRig({
    openServer: async (folder) => (server = await ownServer(folder)),
    operator: { replaceFailed: true },
    faults: [{ nth: 2, fault: { kind: 'forget-writes', path: '/lfs1/credentials/crt.der' } }],
  });
});
afterAll(async () => {
  await rig?.end();
  await server?.stop();
  rmSync(temp, { recursive: true, force: true });
});

async function ownServer(folder: string): Promise<TemporalServer> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return await openTemporalServer({
    directory: temporalFolder(folder),
    searchAttributes: SEARCH_ATTRIBUTES,
    environment: Object.fromEntries(ours),
    ui: false,
    report: () => undefined,
  });
}

async function lookAtRunning(): Promise<void> {
  for await (const { workflowId } of rig.line.client.workflow.list()) {
    whileRunning.push((await rig.line.client.workflow.getHandle(workflowId).describe()).raw);
  }
}

describe('the keys of a lot, one unit of which was tried again', () => {
  it('were on boards', async () => {
    rig.drop('lot.csv', manifest(UNITS));
    const batch = await rig.batchOf('lot.csv');
    const handle = rig.line.client.workflow.getHandle(batchWorkflowId(batch.batchId));
    await until('one unit waits', async () => {
      await lookAtRunning();
      return (await rig.progress(batch)).attention.length === 1;
    });
    await handle.executeUpdate('rerunFailed');
    await until('all passed', async () => {
      await lookAtRunning();
      return (await rig.progress(batch)).passed === UNITS;
    });
    await rig.closed('lot.csv');
    expect(rig.boards.writtenKeys().length).toBeGreaterThan(UNITS);
  });

  it('are nowhere else, in no form', async () => {
    const search = new KeySearch(rig.boards.writtenKeys());
    expect(await searchTemporal(rig.line.client, search)).toEqual({
      workflows: UNITS + 2,
      details: UNITS + 2,
    });
    searchMessage(search, 'a workflow that ran', whileRunning);
    search.inFolder(temp, isFlash);
    for (const name of readdirSync(everybodysTemp)) {
      if (!before.has(name) && name !== basename(temp)) search.inFolder(join(everybodysTemp, name), isFlash);
    }
    expect(search.findings).toEqual([]);
    expect(search.searched).toBeGreaterThan(1_000_000);
  });

  it('are found on the boards themselves', () => {
    const search = new KeySearch(rig.boards.writtenKeys());
    search.inFolder(rig.boards.boardsDirectory);
    expect(search.findings.length).toBeGreaterThanOrEqual(UNITS);
  });
});

describe('a key that was planted', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const file = key.export({ format: 'der', type: 'sec1' });
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });

  it.each<[string, Uint8Array | string]>([
    ['raw', file],
    ['PKCS#8', pkcs8],
    ['the number alone', secretOf(file)],
    ['base64', file.toString('base64')],
    ['base64, one later', Buffer.concat([Buffer.from('x'), pkcs8]).toString('base64')],
    ['base64, two later', Buffer.concat([Buffer.from('xy'), pkcs8]).toString('base64')],
    ['base64url', file.toString('base64url')],
    ['JWK', JSON.stringify(key.export({ format: 'jwk' }))],
    ['hex', file.toString('hex')],
    ['HEX', file.toString('hex').toUpperCase()],
    ['numbers', JSON.stringify([...file])],
    ['numbers with blanks', `[ ${[...file].join(', ')} ]`],
  ])('is found in a file: %s', (form, content) => {
    const folder = join(temp, 'planted', form.replaceAll(/\W/g, '-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'sheet.txt'),
      Buffer.concat([Buffer.from('… '), Buffer.from(content), Buffer.from(' …')]),
    );
    const search = new KeySearch([file]);
    search.inFolder(folder);
    expect(search.findings).not.toEqual([]);
  });

  it.each(['registry.db', 'signer/ledger.db', 'stations/st-1/book.db'])('is found in %s', (path) => {
    const copy = join(temp, 'planted', basename(path));
    for (const ending of ['', '-wal', '-shm']) {
      cpSync(join(rig.folder, `${path}${ending}`), `${copy}${ending}`, { force: true, errorOnExist: false });
    }
    const database = new DatabaseSync(copy);
    database.exec('CREATE TABLE planted (content BLOB)');
    database.prepare('INSERT INTO planted VALUES (?)').run(file);
    database.close();
    const search = new KeySearch([file]);
    search.inFolder(copy);
    expect(search.findings).toMatchObject([{ form: 'raw' }]);
  });

  it('is found in everything that Temporal keeps, where nothing guards it', async () => {
    const connection = await Connection.connect(server.connectionOptions);
    const unguarded = new Client({ connection, namespace: server.namespace });
    const handle = await unguarded.workflow.start('nothing', {
      workflowId: 'planted',
      taskQueue: 'nobody',
      args: [{ key: file.toString('base64') }],
      memo: { key: file.toString('hex') },
    });
    const search = new KeySearch([file]);
    await until(
      'it is listed',
      async () => (await unguarded.workflow.count('WorkflowId="planted"')).count === 1,
    );
    await searchTemporal(rig.line.client, search);
    search.inFolder(temporalFolder(rig.folder));
    const places = new Set(search.findings.map(({ place }) => place.replace(/.*\//, '')));
    expect(places).toEqual(
      new Set([
        'list entry of planted',
        'history of planted',
        'description of planted',
        expect.stringMatching(/^temporal\.db/),
      ]),
    );
    await handle.terminate();
    await connection.close();
  });
});
