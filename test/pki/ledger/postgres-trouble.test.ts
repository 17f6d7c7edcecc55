import { copyFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket, AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LEDGER } from '../../../pki/ledger/ledger-database.ts';
import { PostgresDatabase } from '../../../sql/postgres-database.ts';
import { postgresUrlFault } from '../../../sql/postgres-place.ts';
import type { PostgresPlace } from '../../../sql/postgres-place.ts';
import { Ledger } from '../../../pki/ledger/ledger.ts';
import { until } from '../../support/until.ts';
import { makeCa } from '../leaf.ts';
import { openssl } from '../openssl.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { code, lineOver, release, requestFor } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PASSWORD = 'correct-horse-7731';
const WRONG = 'wrong-donkey-5524';

const ca = await makeCa(temporaryFolder());
const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
const files = temporaryFolder();
const open: PostgresDatabase[] = [];
let server: PostgresServer;

async function opened(place: PostgresPlace): Promise<PostgresDatabase> {
  const database = await PostgresDatabase.open(LEDGER, place);
  open.push(database);
  return database;
}

function passwordFile(text: string, mode = 0o600): string {
  const path = join(mkdtempSync(join(files, 'password-')), 'ledger.password');
  writeFileSync(path, `${text}\n`, { mode });
  return path;
}

const REFUSAL = { request: 'signCertificate', code: 'NONE' } as const;

/** Why the ledger cannot be written; nothing where it can. */
async function reasonOf(write: Promise<void>): Promise<string> {
  try {
    await write;
    return '';
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

/** A certificate for a host, which vouches for itself, and its key. */
function selfSigned(host: string): { certificate: string; key: string } {
  const folder = mkdtempSync(join(files, 'tls-'));
  const [certificate, key] = [join(folder, 'crt.pem'), join(folder, 'key.pem')];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  const named = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  openssl('req', '-x509', ...made, ...named, '-out', certificate);
  return { certificate, key };
}

/** What it throws, with all that can be seen of it: sentence, stack, cause. */
async function troubleAt(place: PostgresPlace): Promise<{ reason: string; message: string; all: string }> {
  try {
    await opened(place);
  } catch (error) {
    const { code: found, reason, message, cause, stack } = error as Error & { code: string; reason: string };
    expect(found).toBe('LEDGER_UNAVAILABLE');
    const all = [message, stack, cause, JSON.stringify(cause), JSON.stringify(error)].map(String).join('\n');
    return { reason, message, all };
  }
  throw new Error('it opened');
}

/** Stands between signer and server, and can fall silent without closing anything, as a cut cable does. */
class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          to.destroy();
          this.#sockets.delete(from);
        });
        from.on('data', (bytes) => void (this.#isCut || to.write(bytes)));
      }
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'PostgreSQL that cannot be used (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
      await server.sql('postgres', `CREATE ROLE signer LOGIN PASSWORD '${PASSWORD}'`);
      await server.sql('postgres', 'CREATE DATABASE owned OWNER signer');
      server.createDatabase('others');
    });

    afterEach(async () => {
      vi.unstubAllEnvs();
      await Promise.all(open.splice(0).map((database) => database.close()));
    });

    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('takes the password from its file, and after a change the new one', async () => {
      const url = server.urlOf('owned', 'signer');
      const path = passwordFile(WRONG);
      const wrong = await troubleAt({ url, passwordFile: path });
      expect(wrong).toMatchObject({ reason: 'login' });
      expect(wrong.message).toMatch(/^The ledger 127\.0\.0\.1:\d+\/owned cannot be written \(login\)/);
      expect(wrong.all).not.toContain(WRONG);
      writeFileSync(path, PASSWORD);
      const { issuer } = lineOver(await opened({ url, passwordFile: path }), ca);
      await expect(issuer.issue(requestFor('ACME-1'))).rejects.toThrow(code('NOT_RELEASED'));
    });

    it('takes the password from PGPASSWORD, and nothing else from such variables', async () => {
      vi.stubEnv('PGPASSWORD', PASSWORD);
      vi.stubEnv('PGOPTIONS', '-c synchronous_commit=off');
      vi.stubEnv('PGHOST', 'nowhere.invalid');
      const { sql } = lineOver(await opened({ url: server.urlOf('owned', 'signer') }), ca);
      expect(await sql('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    });

    it('says that no password was given', async () => {
      expect(await troubleAt({ url: server.urlOf('owned', 'signer') })).toMatchObject({ reason: 'login' });
    });

    it('takes no password file that is missing, or that others can read, and names it', async () => {
      const url = server.urlOf('owned', 'signer');
      const missing = join(files, 'nowhere');
      const readable = passwordFile(PASSWORD);
      chmodSync(readable, 0o640);
      for (const [path, why] of [
        [missing, 'ENOENT'],
        [readable, 'others can read it'],
      ] as const) {
        const { reason, message, all } = await troubleAt({ url, passwordFile: path });
        expect({ reason, message }).toEqual({
          reason: 'login',
          message: `The password file ${path} of the ledger 127.0.0.1:${server.port}/owned cannot be used (${why}), so nothing is signed: make it readable only for its owner.`,
        });
        expect(all).not.toContain(PASSWORD);
      }
    });

    it('says that the user may not make tables, or write', async () => {
      const place = { url: server.urlOf('others', 'signer'), passwordFile: passwordFile(PASSWORD) };
      expect(await troubleAt(place)).toMatchObject({ reason: 'rights' });
      await opened({ url: server.urlOf('others') });
      expect(await troubleAt(place)).toMatchObject({ reason: 'rights' });
    });

    it('says that the server takes no more connections, and not that it is down', async () => {
      const place = { url: server.urlOf('others', 'signer'), passwordFile: passwordFile(PASSWORD) };
      await server.sql('postgres', 'ALTER ROLE signer CONNECTION LIMIT 0');
      onTestFinished(
        async () => void (await server.sql('postgres', 'ALTER ROLE signer CONNECTION LIMIT -1')),
      );
      expect(await troubleAt(place)).toMatchObject({
        reason: 'connections',
        message: expect.stringContaining('raise max_connections') as string,
      });
    });

    it.each([
      [
        'its rights are taken away',
        'rights',
        'REVOKE ALL ON audit FROM signer',
        'GRANT ALL ON audit TO signer',
      ],
      [
        'the server is made read-only',
        'read-only',
        'ALTER SYSTEM SET default_transaction_read_only = on',
        'ALTER SYSTEM RESET default_transaction_read_only',
      ],
    ])('makes no signature when %s, and goes on when that is mended', async (_what, reason, harm, mend) => {
      await server.sql('postgres', 'DROP DATABASE IF EXISTS running');
      await server.sql('postgres', 'CREATE DATABASE running OWNER signer');
      const place = { url: server.urlOf('running', 'signer'), passwordFile: passwordFile(PASSWORD) };
      const { issuer, signer, ledger } = lineOver(await opened(place), ca);
      await release({ ledger }, ['ACME-1']);
      const request = requestFor('ACME-1');
      const say = async (statements: string): Promise<void> => {
        for (const statement of statements.split('; ')) await server.sql('running', statement);
        await server.sql('running', 'SELECT pg_reload_conf()');
      };
      await say(harm);
      await until(
        'the server heeds it',
        async () => (await reasonOf(ledger.auditLog.recordRefusal(REFUSAL))) === reason,
      );
      await expect(issuer.issue(request)).rejects.toThrow(code('LEDGER_UNAVAILABLE', reason));
      expect(signer.signatures).toBe(0);
      await say(mend);
      await until(
        'the server heeds it',
        async () => (await reasonOf(ledger.auditLog.recordRefusal(REFUSAL))) === '',
      );
      await issuer.issue(request);
      expect(signer.signatures).toBe(1);
    });

    it(
      'makes no signature while the server says nothing, and goes on when it speaks again',
      { timeout: 40_000 },
      async () => {
        const url = server.createDatabase('silent');
        const cable = new Cable(server.port);
        try {
          const near = url.replace(String(server.port), String(await cable.listen()));
          const { issuer, signer, ledger } = lineOver(await opened({ url: near }), ca);
          await release({ ledger }, ['ACME-1']);
          const request = requestFor('ACME-1');
          cable.cut();
          await expect(issuer.issue(request)).rejects.toThrow(code('LEDGER_UNAVAILABLE', 'connection'));
          expect(signer.signatures).toBe(0);
          cable.mend();
          await issuer.issue(request);
          expect(signer.signatures).toBe(1);
        } finally {
          cable.close();
        }
      },
    );

    it('speaks TLS with the server whose certificate the address vouches for, and with no other', async () => {
      const own = selfSigned('localhost');
      const other = selfSigned('localhost');
      server.createDatabase('secure');
      await server.useTls(readFileSync(own.certificate, 'utf8'), readFileSync(own.key, 'utf8'));
      const at = (says: string): PostgresPlace => ({
        url: `postgresql://ledger@localhost:${server.port}/secure?${says}`,
      });
      const trusted = join(files, 'trusted.pem');
      copyFileSync(own.certificate, trusted);
      const { sql } = lineOver(await opened(at(`sslmode=verify-full&sslrootcert=${trusted}`)), ca);
      expect(await sql('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([{ ssl: true }]);
      for (const says of [
        'sslmode=verify-full',
        `sslmode=verify-full&sslrootcert=${other.certificate}`,
        `sslmode=verify-full&sslrootcert=${join(files, 'nowhere.pem')}`,
      ]) {
        expect(await troubleAt(at(says))).toMatchObject({ reason: 'tls' });
      }
      await server.useTls(readFileSync(other.certificate, 'utf8'), readFileSync(other.key, 'utf8'));
      copyFileSync(other.certificate, trusted);
      const backends = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'secure'`;
      await until('it uses the certificate that was replaced on the disk', async () => {
        await server.sql('postgres', backends);
        const [row] = await sql('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()').catch(() => []);
        return (
          row !== undefined &&
          (await troubleAt(at(`sslmode=verify-full&sslrootcert=${own.certificate}`))).reason === 'tls'
        );
      });
      await server.sql('postgres', 'ALTER SYSTEM SET ssl = off');
      await server.sql('postgres', 'SELECT pg_reload_conf()');
      const refused = (): Promise<{ reason: string }> =>
        troubleAt(at(`sslmode=verify-full&sslrootcert=${own.certificate}`)).catch(() => ({ reason: '' }));
      await until('the server speaks no TLS any more', async () => (await refused()).reason === 'tls');
    });

    it('is not made by whoever only looks for it', async () => {
      const url = server.createDatabase('empty');
      expect(await PostgresDatabase.open(LEDGER, { url }, 'update')).toBeUndefined();
      expect(await server.sql('empty', `SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
      await opened({ url });
      const found = await PostgresDatabase.open(LEDGER, { url }, 'update');
      expect(found).toBeDefined();
      await found!.close();
    });

    it('is read by whoever may only read, neither made nor changed by that', async () => {
      const url = server.createDatabase('read_only');
      expect(await PostgresDatabase.open(LEDGER, { url }, 'read')).toBeUndefined();
      const writer = await opened({ url });
      await server.sql('read_only', `CREATE ROLE auditor LOGIN PASSWORD '${PASSWORD}'`);
      await server.sql('read_only', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO auditor');
      const auditor = { url: url.replace(/\/\/[^@]*@/, '//auditor@'), passwordFile: passwordFile(PASSWORD) };
      const database = await PostgresDatabase.open(LEDGER, auditor, 'read');
      open.push(database!);
      const read = new Ledger(database!);
      await new Ledger(writer).auditLog.recordRefusal(REFUSAL);
      expect((await read.auditLog.auditHead()).size).toBe(1);
      expect(await reasonOf(read.auditLog.recordRefusal(REFUSAL))).toBe('rights');
      expect(await reasonOf(database!.assertWritable())).toBe('rights');
      await writer.assertWritable();
      await server.sql('read_only', 'UPDATE ledger_version SET version = version - 1');
      await expect(PostgresDatabase.open(LEDGER, { url }, 'read')).rejects.toThrow(code('LEDGER_OLDER'));
      await server.sql('read_only', 'UPDATE ledger_version SET version = 99');
      await expect(PostgresDatabase.open(LEDGER, { url }, 'read')).rejects.toThrow(code('LEDGER_NEWER'));
    });
  },
);

describe('the address of a ledger', () => {
  it.each([
    'postgresql://signer@127.0.0.1/ledger',
    'postgres://signer@localhost:5433/ledger',
    'postgresql:///ledger?host=/run/postgresql',
    'postgresql://signer@[::1]/ledger',
    'postgresql://signer@db.example/ledger?sslmode=disable',
    'postgresql://db.example/ledger?sslmode=verify-full&sslrootcert=/etc/db.pem',
  ])('%s is taken', (url) => {
    expect(postgresUrlFault(url)).toBeUndefined();
  });

  it.each([
    [`postgresql://signer:${PASSWORD}@127.0.0.1/ledger`, 'passwordFile'],
    [`postgresql://signer@127.0.0.1/ledger?password=${PASSWORD}`, 'passwordFile'],
    [
      `postgresql://signer@127.0.0.1/ledger?options=-c%20synchronous_commit=off&x=${PASSWORD}`,
      'may have only host, sslmode',
    ],
    [`mysql://signer:${PASSWORD}@127.0.0.1/ledger`, 'not an address'],
    [`postgresql://signer:${PASSWORD}@127.0.0.1:port/ledger`, 'not an address'],
    [PASSWORD, 'not an address'],
    ['postgresql://signer@127.0.0.1', 'no database'],
    ['postgresql://signer@127.0.0.1/100%', 'does not begin an escape'],
    ['postgresql://signer@%ff/ledger', 'does not begin an escape'],
    ['postgresql://si%gner@127.0.0.1/ledger', 'does not begin an escape'],
    ['postgresql:///ledger', 'no host'],
    ['postgresql://signer@db.example/ledger', 'another host'],
    ['postgresql://signer@127.evil.example/ledger', 'another host'],
    ['postgresql://signer@db.example/ledger?sslmode=require', 'verify-full or disable'],
    ['postgresql://db.example/ledger?sslmode=verify-full&sslrootcert=db.pem', 'absolute path'],
  ])('%s is refused in words that do not repeat it', (url, words) => {
    const fault = postgresUrlFault(url);
    expect(fault).toContain(words);
    expect(fault).not.toContain(PASSWORD);
  });
});
