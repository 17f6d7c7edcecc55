import { spawnSync } from 'node:child_process';
import { createPublicKey, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Misbehaviour } from '../../registry/conformance/device-registry-conformance.ts';
import { AwsDouble, REGION } from '../../registry/aws-iot/aws-double.ts';
import { DpsDouble } from '../../registry/azure-dps/dps-double.ts';
import { GoliothDouble } from '../../registry/golioth/golioth-double.ts';
import type { DoubleServer } from '../../registry/http/double-server.ts';
import { NrfCloudDouble } from '../../registry/nrf-cloud/nrf-cloud-double.ts';
import { EventReceiver } from '../../registry/webhook/event-receiver.ts';
import type { RandomSeries } from '../../signer-load/random-series.ts';

export const PROJECT = 'certline-test';
const READ_BACK = join(import.meta.dirname, '..', '..', 'registry', 'file', 'read_back.py');
/** Faster than the quotas of the clouds, so that a test does not wait for them. */
const FAST = { devicesPerSecond: 500 };

/** What a cloud has, by the SHA-256 of certificates, or by the serial numbers of units where it keeps no certificates. */
export interface CloudState {
  readonly name: string;
  readonly knowsBy: 'certificate' | 'serial';
  /** Each as often as it has it. */
  readonly inUse: readonly string[];
  /** What it knows and refuses. */
  readonly ended: readonly string[];
}

/** A double of every kind of device registry, and a folder of files. */
export class EveryCloud {
  readonly #folder: string;
  readonly #secret = `whsec_${randomBytes(32).toString('base64')}`;
  aws!: AwsDouble;
  dps!: DpsDouble;
  golioth!: GoliothDouble;
  nrf!: NrfCloudDouble;
  erp!: EventReceiver;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Its files are in `folder`. It is open for this test alone. */
  static async start(folder: string): Promise<EveryCloud> {
    const all = new EveryCloud(folder);
    mkdirSync(folder, { recursive: true });
    all.aws = await AwsDouble.start();
    all.dps = await DpsDouble.start();
    all.golioth = await GoliothDouble.start(PROJECT);
    all.nrf = await NrfCloudDouble.start();
    all.erp = await EventReceiver.start(all.#secret);
    return all;
  }

  /**
   * From now on each question fails with one chance in twenty, and one in fifty is carried out and its answer lost, in this way.
   * Returns how often each happened, by cloud.
   */
  turnHostile(random: RandomSeries, lost: Misbehaviour): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const [name, server] of Object.entries(this.#servers()))
      server.mood = () => {
        const chance = random.next();
        const how = chance < 0.05 ? 'server-error' : chance < 0.07 ? lost : undefined;
        if (how !== undefined) counts.set(`${name} ${how}`, (counts.get(`${name} ${how}`) ?? 0) + 1);
        return how;
      };
    return counts;
  }

  /** As in a configuration, in the order in which a product has them: the one that takes longest is last. */
  registries(): { readonly name: string; readonly [field: string]: unknown }[] {
    const url = (server: DoubleServer): { readonly url: string } => ({ url: server.url });
    const aws = [
      `aws_access_key_id = ${this.aws.accessKeyId}`,
      `aws_secret_access_key = ${this.aws.secret}`,
    ].join('\n');
    return [
      { kind: 'file', name: 'site', folder: this.#files },
      {
        kind: 'webhook',
        name: 'erp',
        ...url(this.erp.server),
        secretFile: this.#file('erp', this.#secret),
        ...FAST,
      },
      {
        kind: 'aws-iot',
        name: 'aws',
        region: REGION,
        policies: ['factory'],
        thingType: 'node',
        groups: ['lot'],
        ...url(this.aws.server),
        secretFile: this.#file('aws', aws),
        ...FAST,
      },
      {
        kind: 'golioth',
        name: 'golioth',
        project: PROJECT,
        create: { blueprint: 'node', tags: ['factory'] },
        ...url(this.golioth.server),
        secretFile: this.#file('golioth', this.golioth.apiKey),
        ...FAST,
      },
      {
        kind: 'azure-dps',
        name: 'dps',
        ...url(this.dps.server),
        secretFile: this.#file('dps', this.dps.connectionString()),
        ...FAST,
      },
      {
        kind: 'nrf-cloud',
        name: 'nrf',
        ...url(this.nrf.server),
        secretFile: this.#file('nrf', this.nrf.apiKey),
        ...FAST,
      },
    ];
  }

  /** What each has now. `intakeKey` is that of the host that wrote the files, PEM. */
  states(intakeKey: string): CloudState[] {
    const { certificates } = this.aws;
    const aws = this.aws.inUse();
    const dps = this.dps.inUse();
    const [enabled, disabled] = [true, false].map((is) =>
      this.golioth.devices.filter((device) => device.enabled === is).map(({ name }) => name),
    ) as [string[], string[]];
    return [
      { name: 'site', knowsBy: 'certificate', inUse: this.#filesInUse(intakeKey), ended: [] },
      { name: 'erp', knowsBy: 'certificate', inUse: this.erp.inUse(), ended: [] },
      {
        name: 'aws',
        knowsBy: 'certificate',
        inUse: aws,
        ended: [...certificates.keys()].filter((id) => !aws.includes(id)),
      },
      { name: 'golioth', knowsBy: 'serial', inUse: enabled, ended: disabled },
      {
        name: 'dps',
        knowsBy: 'certificate',
        inUse: dps,
        ended: [...this.dps.kept.values()].map(({ sha256 }) => sha256).filter((each) => !dps.includes(each)),
      },
      { name: 'nrf', knowsBy: 'certificate', inUse: this.nrf.inUse(), ended: [] },
    ];
  }

  #servers(): Readonly<Record<string, DoubleServer>> {
    const { aws, dps, golioth, nrf, erp } = this;
    return {
      aws: aws.server,
      dps: dps.server,
      golioth: golioth.server,
      nrf: nrf.server,
      erp: erp.server,
    };
  }

  get #files(): string {
    return join(this.#folder, 'devices');
  }

  /** As a script says that shares no code with Certline: it verifies every signature and the chain of the parts. */
  #filesInUse(intakeKey: string): string[] {
    if (!existsSync(this.#files)) return [];
    const key = createPublicKey(readFileSync(intakeKey)).export({ format: 'pem', type: 'spki' });
    const { status, stdout, stderr } = spawnSync(
      'python3',
      [READ_BACK, this.#files, this.#file('intake.pub', String(key))],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as string[];
  }

  #file(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }
}
