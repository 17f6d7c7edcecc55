import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from '../../temporal/server/server-ports.ts';
import { until } from './until.ts';

const BIN = '/usr/lib/postgresql/15/bin';

/** Whether Debian's PostgreSQL 15 is here. */
export const POSTGRES_INSTALLED = existsSync(`${BIN}/initdb`);

/** Its owner needs no password, every other role does. */
const HBA = `host all ledger 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`;

export interface PostgresOptions {
  /** Commits reach the disk; else a killed server loses nothing that the operating system has, and is faster. */
  readonly durable?: boolean;
  readonly connections?: number;
}

/** A PostgreSQL server of one test file, on a loopback port, its data in a folder of its own. */
export class PostgresServer {
  readonly #data: string;
  readonly #log: string;
  readonly port: number;
  readonly #settings: readonly string[];

  private constructor(folder: string, port: number, { durable = false, connections = 100 }: PostgresOptions) {
    this.#data = join(folder, 'data');
    this.#log = join(folder, 'log');
    this.port = port;
    this.#settings = [`fsync=${durable ? 'on' : 'off'}`, `max_connections=${connections}`];
  }

  static async start(folder: string, options: PostgresOptions = {}): Promise<PostgresServer> {
    const server = new PostgresServer(folder, await freePort(), options);
    // PostgreSQL refuses to run as root.
    if (userInfo().uid === 0) execFileSync('chown', ['postgres', folder]);
    runAsOwner(`${BIN}/initdb`, ['-D', server.#data, '-U', 'ledger', '-A', 'trust', '--no-sync']);
    writeFileSync(join(server.#data, 'pg_hba.conf'), HBA);
    server.resume();
    return server;
  }

  /** The address of an empty database of this name. */
  createDatabase(name: string): string {
    runAsOwner(`${BIN}/createdb`, ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'ledger', name]);
    return this.urlOf(name);
  }

  urlOf(name: string, user = 'ledger'): string {
    return `postgres://${user}@127.0.0.1:${this.port}/${name}`;
  }

  /** Rows of statements that the server's owner runs; of the last of several. */
  async sql<T extends object = object>(database: string, text: string): Promise<T[]> {
    const options = '-c default_transaction_read_only=off';
    const client = new pg.Client({ connectionString: this.urlOf(database), options });
    await client.connect();
    try {
      const result = await client.query<T>(text);
      return (Array.isArray(result) ? (result as (typeof result)[]).at(-1)! : result).rows;
    } finally {
      await client.end();
    }
  }

  /** Has the server speak TLS with this certificate and key, PEM. */
  async useTls(certificate: string, key: string): Promise<void> {
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', key],
    ] as const) {
      const path = join(this.#data, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (userInfo().uid === 0) execFileSync('chown', ['postgres', path]);
    }
    await this.sql('postgres', 'ALTER SYSTEM SET ssl = on');
    this.kill();
    this.resume();
  }

  resume(): void {
    const settings = ['listen_addresses=127.0.0.1', "unix_socket_directories=''", ...this.#settings];
    const options = `-p ${this.port} ${settings.map((setting) => `-c ${setting}`).join(' ')}`;
    runAsOwner(`${BIN}/pg_ctl`, ['-D', this.#data, '-l', this.#log, '-w', '-o', options, 'start']);
  }

  /** As a power cut would: no shutdown checkpoint, connections are dropped. */
  kill(): void {
    runAsOwner(`${BIN}/pg_ctl`, ['-D', this.#data, '-w', '-m', 'immediate', 'stop']);
  }

  /** kill -9 of the server itself, and a new start as soon as its processes have noticed. */
  async killHard(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await until('PostgreSQL starts again', () => {
      try {
        this.resume();
        return true;
      } catch {
        return false;
      }
    });
  }

  /** Process id of the server itself. */
  get pid(): number {
    return Number(readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }
}

function runAsOwner(program: string, args: readonly string[]): void {
  const asPostgres = userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  const [command = '', ...rest] = [...asPostgres, program, ...args];
  const { status, stderr } = spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  if (status !== 0) throw new Error(`${program} failed: ${String(stderr)}`);
}
