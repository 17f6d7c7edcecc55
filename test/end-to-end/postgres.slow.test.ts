import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ledgerPath, logPath } from '../../line/state-folder.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { copyStore } from './postgres-copy.ts';
import { CLI } from './line-process.ts';
import { dropInto, manifest, startLineRig } from './line-rig.ts';
import { RolesRig } from './roles-rig.ts';

const UNITS = 24;
const PASSWORD = 'correct-horse-7731';
/** Steps are tried again with growing pauses, up to a minute. */
const PATIENCE_MS = 90_000;

let server: PostgresServer;
let root: string;
let rig: RolesRig;

const logOf = (): string => readFileSync(logPath(rig.stateOf('signer')), 'utf8');

/** Runs a command on the signer's host. */
function signerSays(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const options = { cwd: rig.folder, env: rig.environmentOf('signer'), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], options);
  return { status, stdout, stderr };
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'a line whose ledger is on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
      server = await PostgresServer.start(root);
      await server.sql('postgres', `CREATE ROLE signer LOGIN PASSWORD '${PASSWORD}'`);
      await server.sql('postgres', 'CREATE DATABASE ledger OWNER signer');
      const postgres = `postgresql://signer@127.0.0.1:${server.port}/ledger`;
      const passwordFile = join(root, 'ledger.password');
      writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
      rig = await RolesRig.start({ signer: { ledger: { postgres, passwordFile } } });
    });
    afterAll(async () => {
      await rig?.end();
      server?.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it(
      'takes a lot through, although its server dies in the middle',
      { timeout: 2 * PATIENCE_MS },
      async () => {
        dropInto(rig.inbox, 'lot.csv', manifest(UNITS));
        await until('some passed', () => rig.passed >= 4, PATIENCE_MS);
        server.kill();
        await until('the signer notices', () => logOf().includes('LEDGER_UNAVAILABLE'), PATIENCE_MS);
        server.resume();
        await until('all passed', () => rig.passed === UNITS && rig.openBatches === 0, PATIENCE_MS);
      },
    );

    it('takes one through in a single process', { timeout: 60_000 }, async () => {
      await server.sql('postgres', 'CREATE DATABASE single OWNER signer');
      const postgres = `postgresql://signer@127.0.0.1:${server.port}/single`;
      const passwordFile = join(root, 'ledger.password');
      const line = await startLineRig({
        ledger: { postgres, passwordFile },
        operator: { replaceFailed: false },
      });
      try {
        line.drop('lot.csv', manifest(2));
        const { batchId } = await line.closed('lot.csv');
        expect(await line.line.registry.batchSummary(batchId)).toMatchObject({ passed: 2 });
        expect(existsSync(ledgerPath(line.folder))).toBe(false);
        const states = await server.sql('single', 'SELECT state FROM issuance');
        expect(states).toEqual([{ state: 'active' }, { state: 'active' }]);
      } finally {
        await line.end();
      }
    });

    it('is judged by the same commands', () => {
      expect(signerSays('audit', 'verify')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('whole'),
      });
      const order = signerSays('order', 'show', 'PO-1', '--json');
      expect(JSON.parse(order.stdout)).toMatchObject({ released: UNITS, reissued: 0 });
      const stations = signerSays('station', 'list', '--json');
      expect(JSON.parse(stations.stdout)).toMatchObject([{ stationId: 'st-1' }, { stationId: 'st-2' }]);
      expect(signerSays('cert', 'show', 'CL-000007').stdout).toMatch(/Ledger +active/);
    });

    it('leaves nothing that contradicts anything, and says its password nowhere', async () => {
      expect(new Set(Object.values(await rig.down()))).toEqual(new Set([0]));
      const ledger = join(rig.folder, 'ledger.db');
      await copyStore('ledger', server, 'ledger', ledger);
      expect(violations({ ...rig.places, ledger })).toEqual([]);
      expect(logOf()).not.toContain(PASSWORD);
      expect(rig.outputOf('signer')).not.toContain(PASSWORD);
    });

    it('signs nothing on an older copy of it: the witness knows better', { timeout: 60_000 }, async () => {
      await server.sql('postgres', 'CREATE DATABASE spare OWNER signer TEMPLATE ledger');
      await server.sql('spare', 'DELETE FROM audit WHERE seq > (SELECT max(seq) - 3 FROM audit)');
      await server.sql('postgres', 'ALTER DATABASE ledger RENAME TO newest');
      await server.sql('postgres', 'ALTER DATABASE spare RENAME TO ledger');
      rig.startRole('signer');
      expect(await rig.ended('signer')).toBe(33);
      expect(rig.outputOf('signer')).toContain('The ledger does not match its witness file');
      expect(signerSays('audit', 'verify')).toMatchObject({ status: 33 });
      expect(signerSays('ca', 'prove', '3c1f0a6b9d2e4f70')).toMatchObject({ status: 33, stdout: '' });
      await server.sql('postgres', 'ALTER DATABASE ledger RENAME TO spare');
      await server.sql('postgres', 'ALTER DATABASE newest RENAME TO ledger');
      expect(signerSays('audit', 'checkpoint')).toMatchObject({ status: 0 });
    });

    it(
      'does not start while its server is away, and says so in a sentence',
      { timeout: 60_000 },
      async () => {
        server.kill();
        rig.startRole('signer');
        expect(await rig.ended('signer')).toBe(50);
        expect(rig.outputOf('signer')).toBe(
          `certline: The ledger 127.0.0.1:${server.port}/ledger cannot be written (connection), so nothing is signed: start its server, or fix its address.\n`,
        );
        server.resume();
        rig.startRole('signer');
        await rig.isUp('signer');
      },
    );
  },
);
