import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RigServer } from '../end-to-end/roles-rig.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { findTemporalBinary } from '../../temporal/program/temporal-binary.ts';
import { composeService, environmentOf, scriptOf } from './compose-service.ts';
import type { Places } from './compose-service.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const CACHE = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const PROGRAMS = join(CACHE, 'certline', 'temporal-server', '1.31.2');

/** Whether test/cluster/install.sh has run here. */
export const CLUSTER_INSTALLED = existsSync(join(PROGRAMS, 'temporal-server'));

/** The processes of the server, each on a loopback address of its own, as containers have: all use the same ports. */
const ADDRESSES = {
  frontend: '127.77.0.1',
  'history-1': '127.77.0.2',
  'history-2': '127.77.0.3',
  matching: '127.77.0.4',
  worker: '127.77.0.5',
} as const;
export type ServerPart = keyof typeof ADDRESSES;
const PARTS = Object.keys(ADDRESSES) as ServerPart[];

/** Five server processes and their pools of connections. */
const CONNECTIONS = 300;

/**
 * The server of docker-compose.yml, with its scripts and its settings, on a PostgreSQL that keeps what it commits: frontend,
 * two hosts of history, matching and worker as processes of their own, and mutual TLS between all of them.
 */
export class TemporalCluster implements RigServer {
  readonly postgres: PostgresServer;
  readonly #folder: string;
  readonly #bin: string;
  readonly #parts = new Map<ServerPart, ChildProcess>();

  private constructor(folder: string, postgres: PostgresServer) {
    this.#folder = folder;
    this.#bin = join(folder, 'bin');
    this.postgres = postgres;
  }

  /** All that it keeps goes below the folder. */
  static async start(folder: string): Promise<TemporalCluster> {
    // PostgreSQL's user must pass through it.
    chmodSync(folder, 0o711);
    const database = join(folder, 'postgres');
    mkdirSync(database);
    const postgres = await PostgresServer.start(database, { durable: true, connections: CONNECTIONS });
    const cluster = new TemporalCluster(folder, postgres);
    try {
      await cluster.#prepare();
      for (const part of PARTS) cluster.restart(part);
      cluster.#runService('temporal-namespace', { '/run/certline-tls': cluster.tlsFolder('operator') });
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Processes of the server that run. */
  get pids(): number[] {
    return [...this.#parts.values()].flatMap(({ pid, exitCode, signalCode }) =>
      pid !== undefined && exitCode === null && signalCode === null ? [pid] : [],
    );
  }

  /** What Temporal's client of this name has: its certificate, its key, the authority of the server. */
  tlsFolder(client: string): string {
    return join(this.#folder, 'tls', client);
  }

  /** The variables of Temporal as the service of this role has them in docker-compose.yml. */
  environmentOf(role: string): NodeJS.ProcessEnv {
    const service = /^[a-z]+/.exec(role)![0].replace(/^st$/, 'station');
    return this.clientEnvironment(service, this.tlsFolder(role));
  }

  /** The same with another folder of certificates. */
  clientEnvironment(service: string, tlsFolder: string): NodeJS.ProcessEnv {
    const all = environmentOf(service, { ...this.#places, '/run/certline-tls': tlsFolder });
    return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('TEMPORAL_')));
  }

  /** Makes certificate and key of these clients, as a person does. */
  makeCertificates(...clients: string[]): void {
    run('sh', [join(this.#folder, 'make-certificates.sh'), ...clients], process.env);
  }

  restart(part: ServerPart): void {
    const name = 'temporal';
    const log = openSync(join(this.#folder, `${part}.log`), 'a');
    const child = spawn('sh', [scriptOf(name, this.#places)], {
      stdio: ['ignore', log, log],
      env: {
        ...this.#serviceEnvironment(name, { '/run/temporal-tls': this.tlsFolder('server') }),
        TEMPORAL_SERVICES: part.replace(/-\d$/, ''),
        BIND_ON_IP: ADDRESSES[part],
      },
    });
    this.#parts.set(part, child);
  }

  /** kill -9. */
  async kill(part: ServerPart): Promise<void> {
    const child = this.#parts.get(part)!;
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${part} ended: ${this.logOf(part).slice(-2_000)}`);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  isRunning(part: ServerPart): boolean {
    const child = this.#parts.get(part)!;
    return child.exitCode === null && child.signalCode === null;
  }

  logOf(part: ServerPart): string {
    return readFileSync(join(this.#folder, `${part}.log`), 'utf8');
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.keys()) if (this.isRunning(part)) await this.kill(part);
    this.postgres.kill();
  }

  get #places(): Places {
    return {
      '/etc/certline': join(DEPLOY, 'temporal'),
      '/run/secrets': join(this.#folder, 'secrets'),
      'temporal:7233': `${ADDRESSES.frontend}:7233`,
      postgres: '127.0.0.1',
      5432: String(this.postgres.port),
    };
  }

  /** What is done before the server starts, with the scripts that docs/deployment.md names. */
  async #prepare(): Promise<void> {
    for (const name of ['secrets', 'tls', 'bin']) mkdirSync(join(this.#folder, name));
    for (const script of ['make-secrets.sh', 'make-certificates.sh'])
      symlinkSync(join(DEPLOY, script), join(this.#folder, script));
    run('sh', [join(this.#folder, 'make-secrets.sh')], process.env);
    this.makeCertificates();
    const { path } = await findTemporalBinary({ environment: process.env, report: () => undefined });
    symlinkSync(path, join(this.#bin, 'temporal'));
    for (const program of ['temporal-server', 'temporal-sql-tool'])
      symlinkSync(join(PROGRAMS, program), join(this.#bin, program));
    const password = readFileSync(join(this.#folder, 'secrets', 'temporal-database-password'), 'utf8');
    await this.postgres.sql('postgres', `CREATE ROLE temporal LOGIN CREATEDB PASSWORD '${password}'`);
    this.#runService('temporal-schema', {});
  }

  /** Runs a service of docker-compose.yml that ends by itself. */
  #runService(name: string, places: Places): void {
    run('sh', [scriptOf(name, this.#places)], this.#serviceEnvironment(name, places));
  }

  #serviceEnvironment(name: string, places: Places): NodeJS.ProcessEnv {
    return {
      PATH: `${this.#bin}:/usr/bin:/bin`,
      HOME: this.#folder,
      ...environmentOf(name, { ...this.#places, ...places }),
    };
  }
}

/** Runs what Compose looks at to see whether a role is well; empty where it is. */
export function healthOf(service: string, environment: NodeJS.ProcessEnv): string {
  const [, node, program, ...args] = composeService(service).healthcheck!.test;
  if (node !== 'node' || program === undefined) throw new Error(`${service} is not looked at by Node`);
  // In the image it is built from this.
  const path = join(DEPLOY, '..', program.replace(/^dist\/(.*)\.js$/, '$1.ts'));
  const options = { env: { ...process.env, ...environment }, encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [path, ...args], options).stderr;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${args.join(' ')} failed: ${stdout.slice(-1_000)}${stderr.slice(-2_000)}`);
}
