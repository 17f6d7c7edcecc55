import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { csvLine } from '../../manifests/csv/csv-text.ts';
import { signNote } from '../../pki/keys/signed-note.ts';
import type { StationKey } from '../../pki/keys/station-key.ts';
import { checkedPermission } from '../checked-permission.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../device-registry.ts';
import { lastPartOf, partName, sha256, writeNote } from './parts.ts';
import type { PartsPlace } from './parts.ts';

/** The folder is made where it is not there. */
export interface FileRegistryOptions extends PartsPlace {
  /** The intake's: it signs each part. It is asked for when the first part is written. */
  readonly key: () => StationKey;
}

/** What is recorded of a device, in this order. */
const COLUMNS = [
  'act',
  'serial',
  'product',
  'batch',
  'board_id',
  'common_name',
  'organization',
  'certificate_sha256',
  'certificate',
] as const;

/**
 * A folder of files to be carried to where devices are imported by hand, for sites without a network. Each call adds a part: the
 * same rows as NDJSON and as CSV, and a signed note with their digests and the digest of the note before it, so that a missing,
 * changed or exchanged part is noticed. The last row of a certificate is what is true. A part whose note was never signed is
 * unfinished, and its number is used again.
 */
export class FileRegistry implements DeviceRegistry {
  readonly name: string;
  readonly guarantees = { signedIsLive: false, canProbe: false };
  readonly pace: RegistryPace = {
    devicesPerSecond: 10_000,
    devicesPerCall: 1_000,
    callsAtOnce: 1,
    gatherMs: 2_000,
    firstPauseMs: 1_000,
    longestPauseMs: 60_000,
  };
  readonly #options: FileRegistryOptions;
  /** Parts are written one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: FileRegistryOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** All parts would have to be read for each device, and some were carried away. To write a row again changes nothing. */
  async probe(): Promise<Presence> {
    return 'unknown';
  }

  put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return this.#add('put', devices, signal);
  }

  withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return this.#add('withdraw', devices, signal);
  }

  async check(): Promise<CheckedPermission[]> {
    const { folder } = this.#options;
    return [
      await checkedPermission('write into the folder', () =>
        this.#onDisk(async () => {
          await access(firstThere(folder), constants.W_OK | constants.X_OK);
          await lastPartOf(this.#options, () => this.#options.key().verifier);
        }),
      ),
    ];
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  #add(act: 'put' | 'withdraw', devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    const run = this.#last.then(async () => {
      if (signal.aborted) throw new DeviceRegistryError('unavailable', `The registry ${this.name} stops.`);
      await this.#onDisk(() => this.#writePart(act, devices));
      return devices.map((): Answer => 'done');
    });
    this.#last = run.catch(() => undefined);
    return run;
  }

  async #writePart(act: 'put' | 'withdraw', devices: readonly Device[]): Promise<void> {
    const { folder } = this.#options;
    const key = this.#options.key();
    makeFolder(folder);
    const last = await lastPartOf(this.#options, () => key.verifier);
    if (last.unwrittenNote !== undefined) await writeNote(this.#options, last.number, last.unwrittenNote);
    const number = last.number + 1;
    const part = partName(number);
    const rows = devices.map((device) => rowOf(act, device));
    const files = [
      { name: `${part}.ndjson`, text: rows.map((row) => `${JSON.stringify(row)}\n`).join('') },
      {
        name: `${part}.csv`,
        text: [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))].map(csvLine).join(''),
      },
    ];
    for (const { name, text } of files) await writeWhole(join(folder, name), 0o644, text);
    const lines = [
      'certline/devices/v1',
      `registry ${this.name}`,
      `part ${part}`,
      `rows ${rows.length}`,
      `previous ${last.digest}`,
      ...files.map(({ name, text }) => `sha256 ${sha256(text)} ${name}`),
    ];
    const note = signNote(`${lines.join('\n')}\n`, key.verifier, key.privateKey);
    await writeNote(this.#options, number, note);
  }

  async #onDisk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof DeviceRegistryError) throw error;
      const { name, folder, lastNote } = this.#options;
      const why = errnoOf(error) ?? (error as Error).message;
      const message = `The registry ${name} cannot use its folder ${folder}, or the copy of its last note, ${lastNote} (${why}): make both places that this user can write to, with space.`;
      throw new DeviceRegistryError('unavailable', message, { isUnknown: true, cause: error });
    }
  }
}

/** The folder, or where it will be made the first one above it that is there. */
function firstThere(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : firstThere(dirname(folder));
}

function rowOf(act: 'put' | 'withdraw', device: Device): Record<(typeof COLUMNS)[number], string> {
  return {
    act,
    serial: device.serial,
    product: device.product,
    batch: device.batchId,
    board_id: device.boardId,
    common_name: device.commonName,
    organization: device.organization,
    certificate_sha256: device.certificateSha256,
    certificate: Buffer.from(device.certificate).toString('base64'),
  };
}
