import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { intakeKeyPath } from '../../../line/state-folder.ts';
import type { Misbehaviour } from '../../registry/conformance/device-registry-conformance.ts';
import type { RandomSeries } from '../../signer-load/random-series.ts';
import { returnBoard } from '../../soak/returned-boards.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { until } from '../../support/until.ts';
import { violations } from '../invariants.ts';
import { rowsOf } from '../line-evidence.ts';
import { dropInto, manifest } from '../line-rig.ts';
import { copyStore } from '../postgres-copy.ts';
import { ROLES, RolesRig } from '../roles-rig.ts';
import { cloudViolations } from './cloud-invariants.ts';
import { EveryCloud, PROJECT } from './every-cloud.ts';

export interface HostileLotOptions {
  readonly units: number;
  /** Processes that are killed, and started again. */
  readonly kills: number;
  /** How the answers of clouds are lost after they did what they were asked. */
  readonly lost: Misbehaviour;
  readonly random: RandomSeries;
  /** Where the registry of record is; else in a file. It is killed too. */
  readonly postgres?: PostgresServer;
  readonly patienceMs: number;
  /** Hears what happens. */
  readonly report: (what: string) => void;
}

/** What became of a lot; `found` has what does not hold. */
export interface HostileLotEnd {
  readonly found: readonly string[];
}

const WHY = ['--reason', 'a test', '--by', 'A. Berg'];
const KINDS = ['renew', 'rekey', 'swap', 'scrap'] as const;
const DATABASE = 'registry';

/**
 * Takes a lot through on a line whose product has every kind of device registry, while processes are killed, clouds fail, units are
 * revoked and reworked. Ends when the lot is closed and no cloud is owed anything.
 */
export async function runHostileLot(options: HostileLotOptions): Promise<HostileLotEnd> {
  const lot = await HostileLot.start(options);
  try {
    await lot.run();
    return await lot.end();
  } catch (error) {
    await lot.stop();
    throw error;
  }
}

class HostileLot {
  readonly #options: HostileLotOptions;
  readonly #rig: RolesRig;
  readonly #clouds: EveryCloud;
  readonly #revoked = new Set<string>();
  readonly #reworked = new Set<string>();
  readonly #begun = Date.now();
  #faults: ReadonlyMap<string, number> = new Map();

  private constructor(options: HostileLotOptions, rig: RolesRig, clouds: EveryCloud) {
    this.#options = options;
    this.#rig = rig;
    this.#clouds = clouds;
  }

  static async start(options: HostileLotOptions): Promise<HostileLot> {
    let clouds!: EveryCloud;
    const registries = async (folder: string): Promise<object> => {
      clouds = await EveryCloud.start(folder);
      const all = clouds.registries();
      const product = {
        name: 'golioth-node',
        organization: PROJECT,
        registries: all.map(({ name }) => name),
      };
      return { registries: all, products: [product] };
    };
    const { postgres } = options;
    const rig = await RolesRig.start({
      hasOwnBoards: true,
      orchestrator: registries,
      ...(postgres && { registry: { postgres: postgres.createDatabase(DATABASE) } }),
    });
    return new HostileLot(options, rig, clouds);
  }

  async run(): Promise<void> {
    const { units, random, lost } = this.#options;
    this.#faults = this.#clouds.turnHostile(random, lost);
    dropInto(this.#rig.inbox, 'lot.csv', manifest(units));
    await Promise.all([this.#kill(), this.#change()]);
    this.#say('all kills and changes are done');
    await this.#settle();
  }

  async end(): Promise<HostileLotEnd> {
    const { postgres } = this.#options;
    const intakeKey = intakeKeyPath(this.#rig.stateOf('orchestrator'));
    await this.#rig.down();
    let { places } = this.#rig;
    if (postgres !== undefined) {
      places = { ...places, registry: join(this.#rig.folder, 'registry.db') };
      await copyStore('registry', postgres, DATABASE, places.registry);
    }
    // A person who revokes a certificate does not change that its unit passed, nor where its board lies.
    const revoked = rowsOf<{ serial: string; boardId: string }>(
      places.ledger,
      `SELECT serial, issuance.board_id AS "boardId" FROM issuance JOIN released_serial USING (serial_folded)`,
    ).filter(({ serial }) => this.#revoked.has(serial));
    const names = revoked.flatMap(({ serial, boardId }) => [serial, boardId]);
    const found = [
      ...cloudViolations(places.ledger, this.#clouds.states(intakeKey)),
      ...violations(places).filter((each) => !names.some((name) => each.includes(name))),
    ];
    await this.#rig.end({ keeps: found.length > 0 });
    this.#say(JSON.stringify(Object.fromEntries(this.#faults)));
    if (found.length > 0) this.#say(`what they wrote is in ${this.#rig.folder}`);
    return { found };
  }

  async stop(): Promise<void> {
    await this.#rig.end({ keeps: true });
    this.#say(`what they wrote is in ${this.#rig.folder}`);
  }

  async #kill(): Promise<void> {
    const { kills, random, postgres } = this.#options;
    const all = [...ROLES, ...(postgres === undefined ? [] : ['postgres'])];
    await this.#passed(2);
    for (let done = 0; done < kills; done += 1) {
      // The orchestrator drains the outboxes: it dies most often.
      const role = random.chance(0.4) ? 'orchestrator' : random.pick(all);
      await sleep(random.below(3_000));
      this.#say(`kill ${role}`);
      if (role === 'postgres') await postgres!.killHard();
      else {
        await this.#rig.kill(role);
        await sleep(random.below(1_000));
        this.#rig.startRole(role);
        await this.#rig.isUp(role);
      }
    }
  }

  /** Some are revoked and reworked while the lot is under way, and some when most of it has passed. */
  async #change(): Promise<void> {
    const { units } = this.#options;
    const some = Math.max(1, Math.round(units / 50));
    for (const share of [0.25, 0.7]) {
      await this.#passed(Math.round(share * units));
      for (const kind of KINDS) await this.#rework(kind, some);
      await this.#revoke(some);
    }
  }

  async #rework(kind: (typeof KINDS)[number], count: number): Promise<void> {
    const list = join(this.#rig.folder, `${kind}.txt`);
    await this.#until(`a rework (${kind}) is started`, async () => {
      const serials = await this.#untouched(count);
      if (serials.length < count) return false;
      // One that nobody answered may have been started.
      for (const serial of serials) this.#reworked.add(serial);
      writeFileSync(list, serials.join('\n'));
      await this.#rig.runCertline(
        'orchestrator',
        'rework',
        'create',
        '--serials',
        list,
        '--kind',
        kind,
        ...WHY,
      );
      this.#say(`${kind} ${serials.join(' ')}`);
      return true;
    });
  }

  async #revoke(count: number): Promise<void> {
    const serials = await this.#until(
      'some have passed',
      async () => (await this.#untouched(count)).length === count && (await this.#untouched(count)),
    );
    const crl = join(this.#rig.folder, 'crl.pem');
    for (const serial of serials) {
      this.#revoked.add(serial);
      await this.#until(`${serial} is revoked`, async () => {
        const which = rowsOf<{ state: string }>(
          this.#rig.places.ledger,
          `SELECT state FROM issuance JOIN released_serial USING (serial_folded) WHERE serial = '${serial}'`,
        );
        if (which.every(({ state }) => state !== 'active')) return true;
        await this.#rig.runCertline('signer', 'cert', 'revoke', serial, '--reason', 'keyCompromise', '--yes');
        return true;
      });
    }
    await this.#until('the list is applied', async () => {
      await this.#rig.runCertline('signer', 'ca', 'crl');
      writeFileSync(crl, await this.#rig.runCertline('signer', 'ca', 'export', 'crl'));
      await this.#rig.runCertline('orchestrator', 'registry', 'apply-crl', crl);
      return true;
    });
    this.#say(`revoked ${serials.join(' ')}`);
  }

  /** Serials of units that passed, with a certificate that the ledger knows to be in use, and that were left alone. */
  async #untouched(count: number): Promise<string[]> {
    const passed = await this.#record<{ serial: string }>(
      `SELECT serial FROM units WHERE outcome = 'PASS' ORDER BY unit_id`,
    );
    const active = new Set(
      rowsOf<{ serial: string }>(
        this.#rig.places.ledger,
        `SELECT serial FROM issuance JOIN released_serial USING (serial_folded) WHERE state = 'active'`,
      ).map(({ serial }) => serial),
    );
    return passed
      .map(({ serial }) => serial)
      .filter((serial) => active.has(serial) && !this.#reworked.has(serial) && !this.#revoked.has(serial))
      .slice(0, count);
  }

  /** As a person does: boards are brought back, what waits or is parked is tried again. */
  async #settle(): Promise<void> {
    const { patienceMs } = this.#options;
    let shownAt = 0;
    await this.#until(
      'the lot is closed and no cloud is owed anything',
      async () => {
        for (const { boardId } of await this.#wanted())
          returnBoard({ rig: this.#rig, random: this.#options.random }, boardId);
        const open = await this.#open();
        if (Date.now() - shownAt > 5_000) {
          shownAt = Date.now();
          this.#say(JSON.stringify(open));
          await this.#decide();
        }
        await sleep(250);
        return Object.values(open).every((count) => count === 0);
      },
      patienceMs,
    );
  }

  /** Boards of units in a rework, but for those that another board replaces. */
  async #wanted(): Promise<{ boardId: string }[]> {
    return await this.#record(
      `SELECT certificates.board_id AS "boardId" FROM rework_units JOIN reworks USING (rework_id)
       JOIN certificates ON fingerprint = old_fingerprint WHERE rework_units.ended_at IS NULL AND kind <> 'swap'`,
    );
  }

  async #open(): Promise<Readonly<Record<string, number>>> {
    const count = async (of: string): Promise<number> =>
      Number((await this.#record<{ n: number | string }>(`SELECT count(*) AS n FROM ${of}`))[0]!.n);
    return {
      batches: await count(`batches WHERE state = 'open'`),
      reworks: await count('rework_units WHERE ended_at IS NULL'),
      waiting: await count(`outbox WHERE state IN ('due', 'waiting')`),
      parked: await count(`outbox WHERE state = 'parked'`),
    };
  }

  async #decide(): Promise<void> {
    const parked = await this.#record<{ message: string }>(
      `SELECT message FROM outbox WHERE state = 'parked'`,
    );
    for (const { message } of parked) this.#say(`parked: ${message}`);
    if (parked.length > 0) await this.#try('registry', 'retry');
    const waiting = await this.#record<{ serial: string; code: string }>(
      `SELECT serial, code FROM units WHERE attention = 1 OR unit_id IN (SELECT unit_id FROM rework_units WHERE attention = 1 AND ended_at IS NULL)`,
    );
    for (const { serial, code } of waiting) {
      this.#say(`waits: ${serial} ${code}`);
      await this.#try('unit', 'retry', serial, ...WHY);
    }
  }

  async #try(...args: string[]): Promise<void> {
    await this.#rig.runCertline('orchestrator', ...args).catch((error: Error) => this.#say(error.message));
  }

  async #passed(count: number): Promise<void> {
    const isThere = async (): Promise<boolean> =>
      (await this.#record(`SELECT 1 FROM units WHERE outcome = 'PASS'`)).length >= count;
    await this.#until(`${count} have passed`, isThere);
  }

  /** What fails while a process or the database is down is tried again. */
  async #until<T>(
    what: string,
    condition: () => Promise<T | false>,
    patienceMs = this.#options.patienceMs,
  ): Promise<T> {
    let last: unknown;
    return await until(
      what,
      async () => {
        try {
          return await condition();
        } catch (error) {
          const said = String((error as { stderr?: string }).stderr ?? error);
          if (said !== last) this.#say(`not yet: ${what}: ${said}`);
          last = said;
          await sleep(500);
          return false;
        }
      },
      patienceMs,
    );
  }

  async #record<T extends object>(sql: string): Promise<T[]> {
    const { postgres } = this.#options;
    return postgres === undefined
      ? rowsOf<T>(this.#rig.places.registry, sql)
      : await postgres.sql<T>(DATABASE, sql);
  }

  #say(what: string): void {
    this.#options.report(`${((Date.now() - this.#begun) / 1_000).toFixed(0)} s: ${what}`);
  }
}
