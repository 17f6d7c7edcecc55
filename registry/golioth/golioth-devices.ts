import { z } from 'zod';
import type { Device } from '../device-registry.ts';
import type { GoliothApi } from './golioth-api.ts';

const text = z.string().nullish();

/** A device of the project, as far as it concerns us. */
const deviceShape = z.object({
  id: z.string().min(1),
  name: z.string(),
  /** CN of the certificates that are this device; empty until the first connect. It never changes then. */
  certificateId: text,
  /** Absent where the API leaves out what is false, so absent proves nothing. */
  enabled: z.boolean().nullish(),
  /** Each is that of one device of the project. */
  hardwareIds: z.array(z.string()).nullish(),
  blueprintId: text,
  tagIds: z.array(z.string()).nullish(),
});

export type GoliothDevice = z.infer<typeof deviceShape>;

/** What the project has for a CN. `other`: the name is that of a device with the certificates of another CN. */
export interface Found {
  readonly device?: GoliothDevice;
  readonly other?: GoliothDevice;
}

/** The devices of the project. Those of a call are listed at most once. */
export class GoliothDevices {
  readonly #api: GoliothApi;
  readonly #signal: AbortSignal;
  #all: Promise<GoliothDevice[]> | undefined;

  constructor(api: GoliothApi, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  /**
   * The device that the unit is, or becomes with its first connect: the one with its CN as certificate id, else the one that is
   * called so and has no certificate id. There is no search by certificate id, and people rename devices: `everywhere` looks at
   * all devices where the name leads to none.
   */
  async find(
    { commonName, boardId }: Pick<Device, 'commonName' | 'boardId'>,
    everywhere: boolean,
  ): Promise<Found> {
    const named = await this.#filtered(`deviceName=${encodeURIComponent(commonName)}`);
    const called = named.find(({ name }) => name === commonName);
    if (called !== undefined && isOf(called, commonName)) return { device: called };
    if (called === undefined && !everywhere) return {};
    const renamed =
      (await this.#filtered(`hardwareId=${encodeURIComponent(boardId)}`)).find((each) =>
        isCertified(each, commonName),
      ) ?? (await this.all()).find((each) => isCertified(each, commonName));
    if (renamed !== undefined) return { device: renamed };
    return called === undefined ? {} : { other: called };
  }

  /** The device that has the hardware id of the unit's board, and is not the unit. */
  async otherOnBoard({
    boardId,
    commonName,
  }: Pick<Device, 'commonName' | 'boardId'>): Promise<GoliothDevice | undefined> {
    const holders = await this.#filtered(`hardwareId=${encodeURIComponent(boardId)}`);
    return holders.find(
      (each) =>
        each.name !== commonName &&
        !isCertified(each, commonName) &&
        (each.hardwareIds ?? []).includes(boardId),
    );
  }

  /** Every device of the project. */
  async all(): Promise<GoliothDevice[]> {
    return await (this.#all ??= this.#listed('/devices'));
  }

  async #filtered(filter: string): Promise<GoliothDevice[]> {
    return await this.#listed(`/devices?${filter}`);
  }

  async #listed(path: string): Promise<GoliothDevice[]> {
    return await this.#api.list(path, deviceShape, 'list devices', this.#signal);
  }
}

/** Whether certificates with this CN are this device already. */
export function isCertified({ certificateId }: GoliothDevice, commonName: string): boolean {
  return certificateId === commonName;
}

function isOf(device: GoliothDevice, commonName: string): boolean {
  return isCertified(device, commonName) || (device.certificateId ?? '') === '';
}
