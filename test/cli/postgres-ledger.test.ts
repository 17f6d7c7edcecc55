import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresPlace } from '../../sql/postgres-place.ts';
import type { Finding } from '../../cli/doctor/finding.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { ledgerPath, ordersFolder, releaseKeysPath } from '../../line/state-folder.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { json, newPlace, PRODUCT } from '../support/certline.ts';
import type { Ended, Place } from '../support/certline.ts';
import { issueInto } from './issued-lot.ts';

const PASSWORD = 'correct-horse-7731';

const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;
let databases = 0;

/** A place whose ledger is in a new database of the role `signer`. */
async function placeOnPostgres(): Promise<Place & { database: string; name: string; ledger: PostgresPlace }> {
  databases += 1;
  const database = `ledger_${databases}`;
  await server.sql('postgres', `CREATE DATABASE ${database} OWNER signer`);
  const place = newPlace();
  writeFileSync(join(place.folder, 'ledger.password'), `${PASSWORD}\n`, { mode: 0o600 });
  configure(place, server.urlOf(database, 'signer'));
  const ledger = {
    url: server.urlOf(database, 'signer'),
    passwordFile: join(place.folder, 'ledger.password'),
  };
  return { ...place, database, ledger, name: `127.0.0.1:${server.port}/${database}` };
}

function configure(place: Place, postgres: string, passwordFile = 'ledger.password'): void {
  place.configure({ inbox: place.inbox, products: [PRODUCT], ledger: { postgres, passwordFile } });
}

const good = (ended: Ended): string => {
  expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
  return ended.stdout;
};

describe.skipIf(!POSTGRES_INSTALLED)(
  'commands at a signer whose ledger is on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
      await server.sql('postgres', `CREATE ROLE signer LOGIN PASSWORD '${PASSWORD}'`);
    });

    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('make no ledger by looking for one', async () => {
      const place = await placeOnPostgres();
      const missing = `certline: There is no ledger ${place.name}: name the signer's folder with --state, and its configuration with --config.\n`;
      expect(await place.certline('station', 'list')).toEqual({ status: 5, stdout: '', stderr: missing });
      expect(await place.certline('audit', 'verify')).toEqual({ status: 5, stdout: '', stderr: missing });
      expect(await server.sql(place.database, `SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual(
        [],
      );
    });

    it('admit stations, take orders and close them', async () => {
      const place = await placeOnPostgres();
      const { verifier } = ensureStationKey(join(place.folder, 'st-1.key.pem'), 'st-1');
      good(await place.certline('station', 'admit', verifierText(verifier), '--sockets', '2'));
      good(await place.certline('station', 'stop', 'st-1', '--reason', 'its log looks odd'));
      expect(json(await place.certline('station', 'list', '--json'))).toMatchObject([
        { stationId: 'st-1', perMinute: 120, state: 'stopped' },
      ]);
      const file = join(place.folder, 'PO-1.order');
      good(await place.certline('order', 'key', 'init', '--name', 'oem'));
      good(
        await place.certline(
          'order',
          'create',
          'PO-1',
          '--product',
          PRODUCT.name,
          '--quantity',
          '5',
          '--out',
          file,
        ),
      );
      good(await place.certline('order', 'sign', file));
      mkdirSync(ordersFolder(place.state), { recursive: true });
      writeFileSync(join(ordersFolder(place.state), 'PO-1.order'), readFileSync(file));
      writeFileSync(releaseKeysPath(place.state), readFileSync(join(place.state, 'release', 'release.vkey')));
      expect(good(await place.certline('order', 'close', 'PO-1'))).toContain('closed permanently');
      expect(json(await place.certline('order', 'show', 'PO-1', '--json'))).toMatchObject({
        closedAt: expect.stringMatching(/^2/),
      });
      expect(existsSync(ledgerPath(place.state))).toBe(false);
    });

    it('show, withdraw, list, prove and audit what was issued', async () => {
      const place = await placeOnPostgres();
      await issueInto(place, ['CL-1', 'CL-2']);
      expect(good(await place.certline('cert', 'show', 'CL-1'))).toMatch(/Ledger +issued/);
      good(await place.certline('cert', 'hold', 'CL-1'));
      good(await place.certline('cert', 'release', 'CL-1'));
      good(await place.certline('cert', 'revoke', 'CL-2', '--reason', 'keyCompromise'));
      expect(json(await place.certline('ca', 'crl', '--json'))).toMatchObject({ number: 1, entries: 1 });
      expect(good(await place.certline('ca', 'prove', '3c1f0a6b9d2e4f70'))).toContain('BEGIN CERTIFICATE');
      expect(good(await place.certline('audit', 'checkpoint'))).toContain('certline');
      expect(good(await place.certline('audit', 'verify'))).toContain('The log is whole.');
      const folder = join(place.folder, 'export');
      good(await place.certline('audit', 'export', folder));
      expect(good(await place.certline('audit', 'verify', folder))).toContain('The log is whole.');
      expect(json(await place.certline('audit', 'reconcile', '--json'))).toMatchObject({
        counts: { ledgerRows: 2, signatures: 2 },
      });
      expect(existsSync(ledgerPath(place.state))).toBe(false);
      await server.sql(
        place.database,
        `UPDATE audit SET body = replace(body, 'CL-1', 'CL-9') WHERE body LIKE '%CL-1%'`,
      );
      expect(await place.certline('audit', 'verify')).toMatchObject({ status: 33 });
    });

    it('say in a sentence why they cannot, and never the password', async () => {
      const place = await placeOnPostgres();
      await issueInto(place, ['CL-1']);
      const { name, database } = place;
      const cannot = (reason: string, cure: string): string =>
        `The ledger ${name} cannot be written (${reason}), so nothing is signed: ${cure}.`;
      const says = async (): Promise<{ status: number; says: string }> => {
        const ended = await place.certline('station', 'list');
        expect(ended.stdout + ended.stderr).not.toContain(PASSWORD);
        return { status: ended.status, says: ended.stderr.replace(/^certline: |\n$/g, '') };
      };
      const ledgerFinding = async (): Promise<object | undefined> => {
        const { findings } = json(await place.certline('doctor', '--json')) as { findings: Finding[] };
        return findings.find(({ check }) => check === 'ledger');
      };
      expect(await ledgerFinding()).toEqual({ check: 'ledger', verdict: 'ok', says: name });

      configure(place, `postgresql://signer:${PASSWORD}@127.0.0.1/ledger`);
      expect(await says()).toEqual({
        status: 4,
        says: expect.stringMatching(
          /is not a valid configuration:\n {2}ledger\.postgres: contains a password/,
        ),
      });
      configure(place, server.urlOf('nowhere', 'signer'));
      expect(await says()).toEqual({ status: 50, says: expect.stringContaining('(no-database)') });
      configure(place, server.urlOf(database, 'signer'), 'wrong.password');
      writeFileSync(join(place.folder, 'wrong.password'), 'wrong\n', { mode: 0o600 });
      const login = cannot('login', "fix the user, the password, or the server's pg_hba.conf");
      expect(await says()).toEqual({ status: 50, says: login });
      configure(place, server.urlOf(database, 'signer'));
      await server.sql(database, `ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      const readOnly = cannot('read-only', 'make it writable, and also its folder or its server');
      // Whoever only looks is not hindered.
      expect(await says()).toEqual({ status: 0, says: '' });
      const held = await place.certline('cert', 'hold', 'CL-1');
      expect(held).toMatchObject({ status: 50, stderr: `certline: ${readOnly}\n` });
      expect(await ledgerFinding()).toMatchObject({ verdict: 'fail', reason: 'disk', says: readOnly });
      server.kill();
      const connection = cannot('connection', 'start its server, or fix its address');
      expect(await says()).toEqual({ status: 50, says: connection });
      expect(await ledgerFinding()).toEqual({
        check: 'ledger',
        verdict: 'fail',
        reason: 'disk',
        says: connection,
      });
      server.resume();
    });
  },
);
