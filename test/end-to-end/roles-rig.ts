import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import {
  caFolder,
  ledgerPath,
  ordersFolder,
  registryPath,
  releaseKeysPath,
  stationBookPath,
  tileFilePath,
} from '../../line/state-folder.ts';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import type { PlannedFault } from '../../simulator/line/virtual-line.ts';
import { until } from '../support/until.ts';
import { rowsOf } from './line-evidence.ts';
import type { LinePlaces } from './line-evidence.ts';
import { CLI, LineProcess } from './line-process.ts';

const PRODUCTS = [{ name: 'golioth-node', organization: 'certline-test' }];
const STATIONS = ['st-1', 'st-2'];
const SOCKETS = ['1', '2', '3', '4'];

export const ROLES = ['orchestrator', 'signer', 'st-1', 'st-2'] as const;
export type RoleName = (typeof ROLES)[number];

export interface RolesRigOptions {
  /** Added to the configuration of the signer; paths in it are relative to the rig's folder. */
  readonly signer?: object;
  /** Makes the signer's CA, once its configuration is there; else it has a development CA. */
  readonly makeCa?: (rig: RolesRig) => void;
  readonly faults?: readonly PlannedFault[];
}

/** A line that is spread over hosts: each role a process with a configuration and a state folder of its own. */
export class RolesRig {
  readonly folder: string;
  readonly inbox: string;
  readonly #server: TemporalServer;
  readonly #options: RolesRigOptions;
  readonly #roles = new Map<string, LineProcess>();

  private constructor(folder: string, server: TemporalServer, options: RolesRigOptions) {
    this.folder = folder;
    this.inbox = join(folder, 'inbox');
    this.#server = server;
    this.#options = options;
  }

  static async start(options: RolesRigOptions = {}): Promise<RolesRig> {
    const folder = mkdtempSync(join(tmpdir(), 'certline-roles-'));
    const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
    const server = await openTemporalServer({
      directory: join(folder, 'temporal'),
      searchAttributes: SEARCH_ATTRIBUTES,
      environment: Object.fromEntries(ours),
      ui: false,
      report: () => undefined,
    });
    const rig = new RolesRig(folder, server, options);
    try {
      await rig.#configure();
      rig.#enroll();
      rig.#order('PO-1');
      rig.#startBoards();
      for (const role of ROLES) rig.startRole(role);
      await Promise.all(ROLES.map((role) => rig.isUp(role)));
      return rig;
    } catch (error) {
      await rig.end();
      throw error;
    }
  }

  /** Starts a role; the shell's `certline worker …`. */
  startRole(role: RoleName): void {
    const kind = STATIONS.includes(role) ? 'station' : role;
    const process = new LineProcess(['worker', kind, '--config', this.#config(role)], {
      CERTLINE_STATE: this.stateOf(role),
      TEMPORAL_ADDRESS: this.#server.address,
    });
    this.#roles.set(role, process);
  }

  async isUp(role: RoleName): Promise<void> {
    const process = this.#roles.get(role)!;
    await until(
      `${role} is up`,
      () => {
        if (!process.isRunning) throw new Error(`${role} ended: ${process.output}`);
        return process.output.includes(' up, on ');
      },
      60_000,
    );
  }

  /** What a role's process said. */
  outputOf(role: RoleName): string {
    return this.#roles.get(role)!.output;
  }

  /** Exit status of a role that ended. */
  async ended(role: RoleName): Promise<number | NodeJS.Signals> {
    return await this.#roles.get(role)!.ended();
  }

  async kill(role: RoleName): Promise<void> {
    await this.#roles.get(role)!.kill();
  }

  stateOf(role: RoleName): string {
    return join(this.folder, role);
  }

  /** Environment of a command that is typed on a role's host. */
  environmentOf(role: RoleName): NodeJS.ProcessEnv {
    const own = { CERTLINE_STATE: this.stateOf(role), CERTLINE_CONFIG: this.#config(role) };
    return { ...process.env, ...own, TEMPORAL_ADDRESS: this.#server.address };
  }

  /** Runs a command on a role's host; returns what it said. Throws where it fails. */
  certline(role: RoleName, ...args: string[]): string {
    const options = { cwd: this.folder, env: this.environmentOf(role), encoding: 'utf8' } as const;
    return execFileSync(process.execPath, [CLI, ...args], options);
  }

  get passed(): number {
    const path = registryPath(this.stateOf('orchestrator'));
    return rowsOf(path, `SELECT 1 FROM units WHERE outcome = 'PASS'`).length;
  }

  /** Serials of units that wait for a person. */
  get waiting(): string[] {
    const path = registryPath(this.stateOf('orchestrator'));
    return rowsOf<{ serial: string }>(path, 'SELECT serial FROM units WHERE attention = 1').map(
      ({ serial }) => serial,
    );
  }

  get openBatches(): number {
    return rowsOf(registryPath(this.stateOf('orchestrator')), `SELECT 1 FROM batches WHERE state = 'open'`)
      .length;
  }

  get places(): LinePlaces {
    return {
      inbox: this.inbox,
      registry: registryPath(this.stateOf('orchestrator')),
      ledger: ledgerPath(this.stateOf('signer')),
      chain: join(caFolder(this.stateOf('signer')), 'chain.pem'),
      virtualLine: join(this.folder, 'virtual-line'),
      books: (['st-1', 'st-2'] as const).map((id) => stationBookPath(this.stateOf(id), id)),
    };
  }

  /** Ends every role in order; returns their exit statuses by name. */
  async down(): Promise<Record<string, number | NodeJS.Signals>> {
    for (const process of this.#roles.values()) process.signal('SIGTERM');
    const statuses = [...this.#roles].map(async ([role, process]) => [role, await process.ended()] as const);
    return Object.fromEntries(await Promise.all(statuses));
  }

  async end(): Promise<void> {
    for (const process of this.#roles.values()) await process.kill();
    await this.#server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A station is given the CA's certificates as a file; it never sees the folder of the CA. */
  async #configure(): Promise<void> {
    const issuersFile = join(this.folder, 'issuers.pem');
    const unitsInFlight = 2 * STATIONS.length * SOCKETS.length;
    const stations = STATIONS.map((id) => ({
      id,
      sockets: SOCKETS.map((socket) => ({
        id: socket,
        port: this.#port(id, socket),
        product: PRODUCTS[0]!.name,
      })),
    }));
    const own: Record<RoleName, object> = {
      orchestrator: { inbox: this.inbox, unitsInFlight, issuersFile, stationKeysFile: 'station-keys' },
      signer: this.#options.signer ?? {},
      'st-1': { issuersFile, signerKeysFile: 'signer-key', stations: [stations[0]] },
      'st-2': { issuersFile, signerKeysFile: 'signer-key', stations: [stations[1]] },
    };
    for (const role of ROLES) {
      mkdirSync(this.stateOf(role), { recursive: true });
      writeFileSync(this.#config(role), JSON.stringify({ products: PRODUCTS, ...own[role] }));
    }
    if (this.#options.makeCa === undefined) await ensureDemoCa(this.stateOf('signer'));
    else this.#options.makeCa(this);
    copyFileSync(join(caFolder(this.stateOf('signer')), 'chain.pem'), issuersFile);
  }

  /**
   * As docs/signer/stations.md says: stations and intake print commands, which are carried to the signer's host, and public
   * keys are carried back.
   */
  #enroll(): void {
    const printed = [
      this.certline('st-1', 'station', 'enroll'),
      this.certline('st-2', 'station', 'enroll'),
      this.certline('orchestrator', 'intake', 'enroll'),
    ];
    // A shell would take the quotes away.
    for (const text of printed)
      this.certline('signer', ...text.trim().split('\n').at(-1)!.replaceAll("'", '').split(' ').slice(1));
    writeFileSync(join(this.folder, 'station-keys'), this.certline('signer', 'station', 'export'));
    writeFileSync(join(this.folder, 'signer-key'), this.certline('signer', 'station', 'signer-key'));
  }

  /** The OEM releases more than any test needs. */
  #order(id: string): void {
    const signer = this.stateOf('signer');
    const passphrase = join(this.folder, 'release.passphrase');
    writeFileSync(passphrase, 'a passphrase of the OEM\n', { mode: 0o600 });
    const key = ['--passphrase-file', passphrase];
    const terms = ['--product', PRODUCTS[0]!.name, '--quantity', '5000', '--reissues', '5000'];
    this.certline('signer', 'order', 'key', 'init', '--name', 'oem', '--folder', 'release', ...key);
    this.certline('signer', 'order', 'create', id, ...terms, '--closes', '2099-12-31');
    this.certline('signer', 'order', 'sign', `${id}.order`, '--key', 'release', ...key);
    mkdirSync(ordersFolder(signer), { recursive: true });
    copyFileSync(join(this.folder, 'release', 'release.vkey'), releaseKeysPath(signer));
    copyFileSync(join(this.folder, `${id}.order`), join(ordersFolder(signer), `${id}.order`));
  }

  #startBoards(): void {
    const lineFile = join(this.folder, 'virtual-line.json');
    const stations = STATIONS.map((id) => ({
      id,
      sockets: SOCKETS,
      tileFile: tileFilePath(join(this.folder, id), id),
    }));
    const { faults = [] } = this.#options;
    const operator = { replaceFailed: faults.length > 0 };
    const content = {
      directory: join(this.folder, 'virtual-line'),
      speed: 'instant',
      operator,
      stations,
      faults,
    };
    writeFileSync(lineFile, JSON.stringify(content));
    this.#roles.set('boards', new LineProcess(['simulate', '--line', lineFile], {}));
  }

  #port(station: string, socket: string): string {
    return join(this.folder, 'virtual-line', 'ports', `${station}-${socket}`);
  }

  #config(role: RoleName): string {
    return join(this.folder, `${role}.json`);
  }
}
