import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { judgeChain } from '../../../pki/audit/audit-chain.ts';
import type { SqlDatabase } from '../../../sql/sql-database.ts';
import { LEDGER } from '../../../pki/ledger/ledger-database.ts';
import { PostgresDatabase } from '../../../sql/postgres-database.ts';
import { POSTGRESQL } from '../../../sql/dialect.ts';
import { ledgerMigrations } from '../../../pki/ledger/migrations.ts';
import { makeCa } from '../leaf.ts';
import { describeLedger } from './ledger-conformance.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { rowsOfVersion8, signedOrder } from '../orders/signed-orders.ts';
import { code, lineOver, release, requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const POSTGRES_MIGRATIONS = ledgerMigrations(POSTGRESQL);

const ca = await makeCa(temporaryFolder());
const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;
let databases = 0;
const open: SqlDatabase[] = [];

async function connect(url: string): Promise<SqlDatabase> {
  const database = await PostgresDatabase.open(LEDGER, { url });
  open.push(database);
  return database;
}

function newDatabase(): string {
  databases += 1;
  return server.createDatabase(`ledger_${databases}`);
}

async function newLine(serials: readonly string[]): Promise<SigningLine & { url: string }> {
  const url = newDatabase();
  const line = lineOver(await connect(url), ca);
  await release(line, serials);
  return { ...line, url };
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'a ledger on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
    });

    afterEach(async () => {
      await Promise.all(open.splice(0).map((database) => database.close()));
    });

    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    describeLedger(ca, async () => {
      const url = newDatabase();
      return { open: () => connect(url) };
    });

    it('commits synchronously, whatever the server would do', async () => {
      const { sql } = await newLine(['ACME-1']);
      expect(await sql('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    });

    it('is made by two signers that start at once', async () => {
      const url = newDatabase();
      const both = await Promise.all([connect(url), connect(url)]);
      await Promise.all(both.map((database) => release(lineOver(database, ca), ['ACME-1'])));
      expect(await lineOver(both[0], ca).sql('SELECT version FROM ledger_version')).toEqual([
        { version: POSTGRES_MIGRATIONS.length },
      ]);
    });

    it('of version 8 gives back what a reservation used that never had a signature, to this version alone', async () => {
      const url = newDatabase();
      const name = new URL(url).pathname.slice(1);
      await server.sql(
        name,
        `${POSTGRES_MIGRATIONS.slice(0, 8).join(';')}; ${rowsOfVersion8("''")};
       CREATE TABLE ledger_version (version INTEGER NOT NULL); INSERT INTO ledger_version VALUES (8)`,
      );
      const line = lineOver(await connect(url), ca);
      await line.ledger.orders.admitOrder(signedOrder({ reissues: 0 }));
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      expect(await line.sql('SELECT reserved, reissued FROM batch')).toEqual([{ reserved: 1, reissued: 0 }]);
      await expect(server.sql(name, `UPDATE issuance SET state = 'reserved'`)).rejects.toThrow(
        'check constraint',
      );
    });

    it.each([
      [
        'trigger',
        `CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN UPDATE purchase_order SET released = 0; RETURN NULL; END $$;
         CREATE TRIGGER forget AFTER INSERT ON audit EXECUTE FUNCTION forget()`,
      ],
      ['rule', 'CREATE RULE forget AS ON UPDATE TO purchase_order DO INSTEAD NOTHING'],
      ['policy', 'CREATE POLICY forget ON issuance USING (false)'],
    ])('is found to be altered by a %s that is not its own', async (what, sql) => {
      const { ledger, url } = await newLine(['ACME-1']);
      expect(await ledger.verification.findings()).toEqual([]);
      await server.sql(new URL(url).pathname.slice(1), sql);
      expect(await ledger.verification.findings()).toEqual([
        expect.stringMatching(`^the ${what} "forget" of .* is not Certline's .*drop it`),
      ]);
    });

    it('of a later version is not touched', async () => {
      const { sql, url } = await newLine(['ACME-1']);
      await sql('UPDATE ledger_version SET version = 99');
      await expect(PostgresDatabase.open(LEDGER, { url })).rejects.toThrow(code('LEDGER_NEWER'));
    });

    it('refuses what its columns cannot hold as the request that it is, and goes on', async () => {
      const { ledger, issuer } = await newLine(['ACME-1']);
      const refused = code('REQUEST_INVALID', 'contents');
      await expect(ledger.stations.station('st-1\0')).rejects.toThrow(refused);
      await expect(issuer.issue(requestFor('ACME-1', { attempt: 2 ** 40 }))).rejects.toThrow(refused);
      await issuer.issue(requestFor('ACME-1'));
    });

    it('makes no signature while the server is gone, and goes on when it is back', async () => {
      const { issuer, signer, ledger } = await newLine(['ACME-1', 'ACME-2']);
      const first = requestFor('ACME-1');
      const issued = await issuer.issue(first);
      server.kill();
      await expect(issuer.issue(requestFor('ACME-2'))).rejects.toThrow(
        code('LEDGER_UNAVAILABLE', 'connection'),
      );
      await expect(issuer.issue(first)).rejects.toThrow(code('LEDGER_UNAVAILABLE', 'connection'));
      expect(signer.signatures).toBe(1);
      server.resume();
      expect(await issuer.issue(first)).toEqual(issued);
      await issuer.issue(requestFor('ACME-2'));
      expect(signer.signatures).toBe(2);
      expect((await judgeChain(ledger.auditLog.auditEntries())).brokenEntry).toBeUndefined();
    });

    it('ends with one certificate when the server dies between reservation and record', async () => {
      const { issuer, signer, sql } = await newLine(['ACME-1']);
      const request = requestFor('ACME-1');
      signer.tamper = (signature) => {
        server.kill();
        return signature;
      };
      await expect(issuer.issue(request)).rejects.toThrow(code('LEDGER_UNAVAILABLE', 'connection'));
      server.resume();
      const reserved = await issuer.find(request.requestId);
      expect(reserved?.state).toBe('signing');
      signer.tamper = (signature) => signature;
      const issued = await issuer.issue(request);
      expect(issued.certificateSerial).toBe(reserved?.certificateSerial);
      expect(await sql('SELECT state FROM issuance')).toEqual([{ state: 'issued' }]);
    });

    it('makes no signature while another signer holds its lock', async () => {
      const { issuer, signer, url } = await newLine(['ACME-1']);
      const other = await connect(url);
      const { promise: released, resolve: letGo } = Promise.withResolvers<void>();
      const holding = other.write(() => released);
      const request = requestFor('ACME-1');
      await expect(issuer.issue(request)).rejects.toThrow(code('LEDGER_UNAVAILABLE', 'busy'));
      expect(signer.signatures).toBe(0);
      letGo();
      await holding;
      await issuer.issue(request);
    });

    it('says when the database is read-only', async () => {
      const { sql, url } = await newLine(['ACME-1']);
      await sql(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);
      await expect(PostgresDatabase.open(LEDGER, { url })).rejects.toThrow(
        code('LEDGER_UNAVAILABLE', 'read-only'),
      );
    });

    it.each([
      ['an address where nothing listens', 'postgres://ledger@127.0.0.1:1/ledger', 'connection'],
      ['a host that does not exist', 'postgres://ledger@nowhere.invalid/ledger', 'connection'],
    ])('names %s without its password', async (_name, url, reason) => {
      const secret = url.replace('ledger@', 'ledger:hunter2@');
      await expect(PostgresDatabase.open(LEDGER, { url: secret })).rejects.toThrow(
        code('LEDGER_UNAVAILABLE', reason),
      );
      await expect(PostgresDatabase.open(LEDGER, { url: secret })).rejects.not.toThrow(/hunter2/);
    });

    it('says when the database does not exist', async () => {
      const refused = PostgresDatabase.open(LEDGER, { url: server.urlOf('nowhere') });
      await expect(refused).rejects.toThrow(code('LEDGER_UNAVAILABLE', 'no-database'));
    });
  },
);
