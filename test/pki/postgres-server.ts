import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';

const BIN = '/usr/lib/postgresql/15/bin';

/** Whether Debian's PostgreSQL 15 is here. */
export const POSTGRES_INSTALLED = existsSync(`${BIN}/initdb`);

/** A PostgreSQL server of one test file, on a loopback port, its data in a folder of its own. */
export class PostgresServer {
  readonly #data: string;
  readonly #log: string;
  readonly port: number;

  private constructor(folder: string, port: number) {
    this.#data = join(folder, 'data');
    this.#log = join(folder, 'log');
    this.port = port;
  }

  static async start(folder: string): Promise<PostgresServer> {
    const server = new PostgresServer(folder, await freePort());
    // PostgreSQL refuses to run as root.
    if (userInfo().uid === 0) execFileSync('chown', ['postgres', folder]);
    runAsOwner(`${BIN}/initdb`, ['-D', server.#data, '-U', 'ledger', '-A', 'trust', '--no-sync']);
    server.resume();
    return server;
  }

  /** The address of an empty database of this name. */
  createDatabase(name: string): string {
    runAsOwner(`${BIN}/createdb`, ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'ledger', name]);
    return this.urlOf(name);
  }

  urlOf(name: string): string {
    return `postgres://ledger@127.0.0.1:${this.port}/${name}`;
  }

  resume(): void {
    // Without fsync: a killed server loses nothing that the operating system has, and this one does not outlive it.
    const options = `-p ${this.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off`;
    runAsOwner(`${BIN}/pg_ctl`, ['-D', this.#data, '-l', this.#log, '-w', '-o', options, 'start']);
  }

  /** As a power cut would: no shutdown checkpoint, connections are dropped. */
  kill(): void {
    runAsOwner(`${BIN}/pg_ctl`, ['-D', this.#data, '-w', '-m', 'immediate', 'stop']);
  }
}

function runAsOwner(program: string, args: readonly string[]): void {
  const asPostgres = userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  const [command = '', ...rest] = [...asPostgres, program, ...args];
  const { status, stderr } = spawnSync(command, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
  if (status !== 0) throw new Error(`${program} failed: ${String(stderr)}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
