import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import {
  caFolder,
  caPassphrasePath,
  intakeKeysPath,
  ledgerPath,
  ordersFolder,
  permitKeyPath,
  registryPath,
  releaseKeysPath,
  stationBookPath,
  tileFilePath,
} from '../../line/state-folder.ts';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import { VirtualLine } from '../../simulator/line/virtual-line.ts';
import type { PlannedFault } from '../../simulator/line/virtual-line.ts';
import { VirtualOperator } from '../../simulator/line/virtual-operator.ts';
import { until } from '../support/until.ts';
import { rowsOf } from './line-evidence.ts';
import type { LinePlaces } from './line-evidence.ts';
import { CLI, LineProcess } from './line-process.ts';

const PRODUCTS = [{ name: 'golioth-node', organization: 'certline-test' }];
export const STATIONS = ['st-1', 'st-2'];
export const SOCKETS = ['1', '2', '3', '4'];
const HANDS = { unloadMs: 0, loadMs: 0 };

/** The roles of a line, by name; orchestrators share a state folder, unless their registry is elsewhere; everyone else has one. */
export interface RoleNames {
  readonly orchestrators: readonly string[];
  readonly signers: readonly string[];
  readonly stations: readonly string[];
}

const USUAL: RoleNames = { orchestrators: ['orchestrator'], signers: ['signer'], stations: STATIONS };
export const ROLES = ['orchestrator', 'signer', 'st-1', 'st-2'] as const;

/** A Temporal server, and what each role's environment says of it. */
export interface RigServer {
  environmentOf(role: string): NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

export interface RolesRigOptions {
  readonly roles?: RoleNames;
  /** A server with its namespace and search attributes; else a dev server. */
  readonly server?: RigServer;
  /** Starts a role again when it ends by itself, as systemd does. */
  readonly supervised?: boolean;
  /** Added to the configuration of the orchestrators; or what makes it, given a folder of its own. */
  readonly orchestrator?: object | ((folder: string) => Promise<object>);
  /** Added to the configuration of the signer; paths in it are relative to the rig's folder. */
  readonly signer?: object;
  /** The registry of the orchestrators, as in a configuration; each of them then has a state folder of its own. */
  readonly registry?: object;
  /** Makes the signer's CA, once its configuration is there; else it has a development CA. */
  readonly makeCa?: (rig: RolesRig) => void;
  readonly faults?: readonly PlannedFault[];
  /** Where roles serve their metrics and their health, by name. */
  readonly metrics?: ReadonlyMap<string, string>;
  /** The boards are in the test's own process, and `boards` has them: the test can bring one back. */
  readonly hasOwnBoards?: boolean;
}

/** A line that is spread over hosts: each role a process with a configuration and a state folder of its own. */
export class RolesRig {
  readonly folder: string;
  readonly inbox: string;
  readonly #server: RigServer;
  readonly #options: RolesRigOptions;
  readonly #names: RoleNames;
  readonly #processes = new Map<string, LineProcess>();
  readonly #ends = new Map<string, (number | NodeJS.Signals)[]>();
  #isGoingDown = false;
  #boards: VirtualLine | undefined;
  #operator: VirtualOperator | undefined;

  private constructor(folder: string, server: RigServer, options: RolesRigOptions) {
    this.folder = folder;
    this.inbox = join(folder, 'inbox');
    this.#server = server;
    this.#options = options;
    this.#names = options.roles ?? USUAL;
  }

  static async start(options: RolesRigOptions = {}): Promise<RolesRig> {
    const folder = mkdtempSync(join(tmpdir(), 'certline-roles-'));
    const rig = new RolesRig(folder, options.server ?? (await devServer(folder)), options);
    try {
      await rig.#configure();
      rig.#enroll();
      rig.#order('PO-1');
      rig.#equipFurtherSigners();
      await rig.#startBoards();
      for (const role of rig.#all) rig.startRole(role);
      await Promise.all(rig.#all.map((role) => rig.isUp(role)));
      return rig;
    } catch (error) {
      await rig.end();
      throw error;
    }
  }

  /** Starts a role; the shell's `certline worker …`, of this version or of another one. */
  startRole(role: string, program = CLI): void {
    const address = this.#options.metrics?.get(role);
    const environment = {
      ...this.#server.environmentOf(role),
      CERTLINE_STATE: this.stateOf(role),
      ...(address !== undefined && { CERTLINE_METRICS: address }),
    };
    const args = ['worker', this.#kind(role), '--config', this.#config(role)];
    const process = new LineProcess(args, environment, program);
    this.#processes.set(role, process);
    if (this.#options.supervised === true) void this.#supervise(role, process);
  }

  /** As an upgrade does: ends a role in order, and starts it from another version. Returns with what it ended. */
  async upgrade(role: string, program: string): Promise<number | NodeJS.Signals> {
    const before = this.#processes.get(role)!;
    // Orchestrators work beside each other; a signer and a station have a lock.
    if (this.#kind(role) === 'orchestrator') {
      this.startRole(role, program);
      await this.isUp(role);
    }
    before.signal('SIGTERM');
    const end = await before.ended();
    if (this.#kind(role) !== 'orchestrator') this.startRole(role, program);
    await this.isUp(role);
    return end;
  }

  async isUp(role: string): Promise<void> {
    const process = this.#processes.get(role)!;
    await until(
      `${role} is up`,
      () => {
        if (!process.isRunning) throw new Error(`${role} ended: ${process.output}`);
        return process.output.includes(' up, on ');
      },
      60_000,
    );
  }

  /** Process ids by name; the virtual boards are `boards`. */
  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#processes].map(([name, { pid }]) => [name, pid]));
  }

  /** What a role's process said. */
  outputOf(role: string): string {
    return this.#processes.get(role)!.output;
  }

  /** Exit status of a role that ended. */
  async ended(role: string): Promise<number | NodeJS.Signals> {
    return await this.#processes.get(role)!.ended();
  }

  /** With what a supervised role ended, each time that it was not on command. */
  endsOf(role: string): readonly (number | NodeJS.Signals)[] {
    return this.#ends.get(role) ?? [];
  }

  async kill(role: string): Promise<void> {
    await this.#processes.get(role)!.kill();
  }

  stateOf(role: string): string {
    const isShared = this.#kind(role) === 'orchestrator' && this.#options.registry === undefined;
    return join(this.folder, isShared ? this.#names.orchestrators[0]! : role);
  }

  /** Environment of a command that is typed on a role's host. */
  environmentOf(role: string): NodeJS.ProcessEnv {
    const own = { CERTLINE_STATE: this.stateOf(role), CERTLINE_CONFIG: this.#config(role) };
    return { ...process.env, ...this.#server.environmentOf(role), ...own };
  }

  /** Runs a command on a role's host; returns what it said. Throws where it fails. */
  certline(role: string, ...args: string[]): string {
    const options = { cwd: this.folder, env: this.environmentOf(role), encoding: 'utf8' } as const;
    return execFileSync(process.execPath, [CLI, ...args], options);
  }

  /** As `certline`, while this process continues. */
  async runCertline(role: string, ...args: string[]): Promise<string> {
    const options = { cwd: this.folder, env: this.environmentOf(role) };
    return (await promisify(execFile)(process.execPath, [CLI, ...args], options)).stdout;
  }

  /** The boards, where they are in this process. */
  get boards(): VirtualLine {
    return this.#boards!;
  }

  get passed(): number {
    return rowsOf(this.places.registry, `SELECT 1 FROM units WHERE outcome = 'PASS'`).length;
  }

  /** Serials of units that wait for a person. */
  get waiting(): string[] {
    const sql = 'SELECT serial FROM units WHERE attention = 1';
    return rowsOf<{ serial: string }>(this.places.registry, sql).map(({ serial }) => serial);
  }

  get openBatches(): number {
    return rowsOf(this.places.registry, `SELECT 1 FROM batches WHERE state = 'open'`).length;
  }

  get places(): LinePlaces {
    return {
      inbox: this.inbox,
      registry: registryPath(this.stateOf(this.#names.orchestrators[0]!)),
      ledger: ledgerPath(this.stateOf(this.#signer)),
      chain: join(caFolder(this.stateOf(this.#signer)), 'chain.pem'),
      virtualLine: join(this.folder, 'virtual-line'),
      books: this.#names.stations.map((id) => stationBookPath(this.stateOf(id), id)),
    };
  }

  /** Ends every role in order; returns their exit statuses by name. */
  async down(): Promise<Record<string, number | NodeJS.Signals>> {
    this.#isGoingDown = true;
    for (const process of this.#processes.values()) process.signal('SIGTERM');
    const statuses = [...this.#processes].map(
      async ([role, process]) => [role, await process.ended()] as const,
    );
    return Object.fromEntries(await Promise.all(statuses));
  }

  /** With `keeps`, what they wrote stays. */
  async end({ keeps = false } = {}): Promise<void> {
    this.#isGoingDown = true;
    this.#operator?.stop();
    for (const process of this.#processes.values()) await process.kill();
    await this.#boards?.stop();
    await this.#server.stop();
    if (!keeps) rmSync(this.folder, { recursive: true, force: true });
  }

  get #all(): readonly string[] {
    return [...this.#names.orchestrators, ...this.#names.signers, ...this.#names.stations];
  }

  /** The one on whose host commands are typed. */
  get #signer(): string {
    return this.#names.signers[0]!;
  }

  #kind(role: string): 'orchestrator' | 'signer' | 'station' {
    if (this.#names.stations.includes(role)) return 'station';
    return this.#names.signers.includes(role) ? 'signer' : 'orchestrator';
  }

  async #supervise(role: string, process: LineProcess): Promise<void> {
    const end = await process.ended();
    // Somebody killed it, or started it again already.
    if (this.#isGoingDown || end === 'SIGKILL' || this.#processes.get(role) !== process) return;
    this.#ends.set(role, [...this.endsOf(role), end]);
    this.startRole(role);
  }

  /** A station is given the CA's certificates as a file; it never sees the folder of the CA. */
  async #configure(): Promise<void> {
    const { stations } = this.#names;
    const issuersFile = join(this.folder, 'issuers.pem');
    const unitsInFlight = 2 * stations.length * SOCKETS.length;
    const { orchestrator: given } = this.#options;
    const added = typeof given === 'function' ? await given(join(this.folder, 'elsewhere')) : given;
    const own = {
      orchestrator: () => ({
        inbox: this.inbox,
        unitsInFlight,
        issuersFile,
        stationKeysFile: 'station-keys',
        ...added,
        ...(this.#options.registry !== undefined && { registry: this.#options.registry }),
      }),
      signer: () => this.#options.signer ?? {},
      station: (id: string) => ({ issuersFile, signerKeysFile: 'signer-key', stations: [this.#station(id)] }),
    };
    for (const role of this.#all) {
      mkdirSync(this.stateOf(role), { recursive: true });
      const content: object = { products: PRODUCTS, ...own[this.#kind(role)](role) };
      writeFileSync(this.#config(role), JSON.stringify(content));
    }
    if (this.#options.makeCa === undefined) await ensureDemoCa(this.stateOf(this.#signer));
    else this.#options.makeCa(this);
    copyFileSync(this.places.chain, issuersFile);
  }

  #station(id: string): object {
    const socket = (name: string): object => ({
      id: name,
      port: join(this.folder, 'virtual-line', 'ports', `${id}-${name}`),
      product: PRODUCTS[0]!.name,
    });
    return { id, sockets: SOCKETS.map(socket) };
  }

  /**
   * As docs/signer/stations.md says: stations and intake print commands, which are carried to the signer's host, and public
   * keys are carried back.
   */
  #enroll(): void {
    const printed = [
      ...this.#names.stations.map((id) => this.certline(id, 'station', 'enroll')),
      ...this.#intakes.map((name) => this.certline(name, 'intake', 'enroll')),
    ];
    // A shell would take the quotes away.
    for (const text of printed)
      this.#atSigner(...text.trim().split('\n').at(-1)!.replaceAll("'", '').split(' ').slice(1));
    writeFileSync(join(this.folder, 'station-keys'), this.#atSigner('station', 'export'));
    writeFileSync(join(this.folder, 'signer-key'), this.#atSigner('station', 'signer-key'));
  }

  /** One for each state folder of an orchestrator. */
  get #intakes(): readonly string[] {
    const { orchestrators } = this.#names;
    return this.#options.registry === undefined ? orchestrators.slice(0, 1) : orchestrators;
  }

  #atSigner(...args: string[]): string {
    return this.certline(this.#signer, ...args);
  }

  /** The OEM releases more than any test needs. */
  #order(id: string): void {
    const signer = this.stateOf(this.#signer);
    const passphrase = join(this.folder, 'release.passphrase');
    writeFileSync(passphrase, 'a passphrase of the OEM\n', { mode: 0o600 });
    const key = ['--passphrase-file', passphrase];
    const terms = ['--product', PRODUCTS[0]!.name, '--quantity', '5000', '--reissues', '5000'];
    this.#atSigner('order', 'key', 'init', '--name', 'oem', '--folder', 'release', ...key);
    this.#atSigner('order', 'create', id, ...terms, '--closes', '2099-12-31');
    this.#atSigner('order', 'sign', `${id}.order`, '--key', 'release', ...key);
    mkdirSync(ordersFolder(signer), { recursive: true });
    copyFileSync(join(this.folder, 'release', 'release.vkey'), releaseKeysPath(signer));
    copyFileSync(join(this.folder, `${id}.order`), join(ordersFolder(signer), `${id}.order`));
  }

  /**
   * As docs/deployment.md says of several signers: the same CA, orders, release keys, intakes and permit key, but an audit
   * key and a witness of each one's own.
   */
  #equipFurtherSigners(): void {
    const first = this.stateOf(this.#signer);
    const shared = [caFolder, caPassphrasePath, ordersFolder, releaseKeysPath, intakeKeysPath, permitKeyPath];
    for (const name of this.#names.signers.slice(1)) {
      const further = this.stateOf(name);
      for (const place of shared)
        if (existsSync(place(first))) cpSync(place(first), place(further), { recursive: true });
      this.#addKeysOf(name);
    }
  }

  /** The registry accepts the audit log of each signer. */
  #addKeysOf(signer: string): void {
    const path = join(this.folder, 'station-keys');
    const known = readFileSync(path, 'utf8').split('\n');
    const more = this.certline(signer, 'station', 'export')
      .split('\n')
      .filter((line) => !known.includes(line));
    writeFileSync(path, [...known.filter((line) => line !== ''), ...more, ''].join('\n'));
  }

  async #startBoards(): Promise<void> {
    const lineFile = join(this.folder, 'virtual-line.json');
    const stations = this.#names.stations.map((id) => ({
      id,
      sockets: SOCKETS,
      tileFile: tileFilePath(join(this.folder, id), id),
    }));
    const { faults = [], hasOwnBoards = false } = this.#options;
    const operator = { replaceFailed: faults.length > 0 };
    const directory = join(this.folder, 'virtual-line');
    if (hasOwnBoards) {
      this.#boards = await VirtualLine.start({ directory, stations, speed: 'instant', faults });
      this.#operator = new VirtualOperator(this.#boards, stations, { ...HANDS, ...operator });
      return;
    }
    const content = { directory, speed: 'instant', operator, stations, faults };
    writeFileSync(lineFile, JSON.stringify(content));
    this.#processes.set('boards', new LineProcess(['simulate', '--line', lineFile], {}));
  }

  #config(role: string): string {
    return join(this.folder, `${role}.json`);
  }
}

/** A dev server whose files are in a folder. */
export async function devServer(folder: string): Promise<RigServer> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  const { address, stop } = await openTemporalServer({
    directory: join(folder, 'temporal'),
    searchAttributes: SEARCH_ATTRIBUTES,
    environment: Object.fromEntries(ours),
    ui: false,
    report: () => undefined,
  });
  return { environmentOf: () => ({ TEMPORAL_ADDRESS: address }), stop };
}
