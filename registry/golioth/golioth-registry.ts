import { z } from 'zod';
import { NOT_TRIED, checkedPermission } from '../checked-permission.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { eachDevice } from '../each-device.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../device-registry.ts';
import { GOLIOTH_CODE, GoliothApi } from './golioth-api.ts';
import type { GoliothOptions } from './golioth-api.ts';
import { GoliothDevices } from './golioth-devices.ts';
import type { Found, GoliothDevice } from './golioth-devices.ts';
import { findCa } from './issuing-ca.ts';

export interface GoliothRegistryOptions extends GoliothOptions {
  /** Devices exist before their first connect, with this blueprint and these tags; else the first connect creates them. */
  readonly create?: { readonly blueprint?: string; readonly tags?: readonly string[] };
  /** Certificate of the CA that signs devices, DER: the project must have it. */
  readonly issuingCa?: Uint8Array;
}

const named = z.object({ id: z.string().min(1), name: z.string() });
/** Devices that are handled in one call: they share a list of all devices where one is needed. */
const DEVICES_PER_CALL = 20;

/** What every created device has. */
interface Equipment {
  readonly blueprintId?: string;
  readonly tagIds: readonly string[];
}

/**
 * A project at Golioth. It trusts the issuing CA, so a certificate is live when it is signed, and the first connect makes its
 * device, by the CN. Golioth ends no single certificate: `withdraw` disables the device, and creates it disabled where it never
 * connected, since its first connect would create it. It deletes none, for the same reason.
 */
export class GoliothRegistry implements DeviceRegistry {
  readonly name: string;
  readonly guarantees = { signedIsLive: true, canProbe: true };
  readonly pace: RegistryPace = {
    // Golioth publishes no limits: an estimate that stays below those of other clouds.
    devicesPerSecond: 10,
    devicesPerCall: DEVICES_PER_CALL,
    callsAtOnce: 2,
    gatherMs: 500,
    firstPauseMs: 2_000,
    longestPauseMs: 300_000,
  };
  readonly #options: GoliothRegistryOptions;
  readonly #api: GoliothApi;
  #equipment: Promise<Equipment> | undefined;

  constructor(options: GoliothRegistryOptions) {
    this.name = options.name;
    this.#options = options;
    this.#api = new GoliothApi(options);
  }

  async probe(device: Device, signal: AbortSignal): Promise<Presence> {
    if (device.organization !== this.#api.project) return 'absent';
    const found = await new GoliothDevices(this.#api, signal).find(device, device.others.length > 0);
    if (found.other !== undefined) return 'other';
    return found.device?.enabled === true ? 'present' : 'absent';
  }

  async put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    const there = new GoliothDevices(this.#api, signal);
    return await eachDevice(devices, (device) => this.#putOne(device, there, signal));
  }

  async withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    const there = new GoliothDevices(this.#api, signal);
    return await eachDevice(devices, (device) => this.#withdrawOne(device, there, signal));
  }

  async check(signal: AbortSignal): Promise<CheckedPermission[]> {
    const { issuingCa } = this.#options;
    return [
      await checkedPermission('list devices', () =>
        this.#api.ask({ method: 'GET', path: '/devices?perPage=1' }, 'list devices', signal),
      ),
      await checkedPermission('list certificates', async () => {
        if (issuingCa === undefined)
          return void (await this.#api.ask(
            { method: 'GET', path: '/certificates?perPage=1' },
            'list certificates',
            signal,
          ));
        if ((await findCa(this.#api, issuingCa, signal)) === undefined) throw this.#withoutCa();
      }),
      ...(this.#options.create === undefined
        ? []
        : [await checkedPermission('find the blueprint and the tags', () => this.#readEquipment(signal))]),
      { permission: 'create and change devices', note: NOT_TRIED },
    ];
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  async #putOne(device: Device, there: GoliothDevices, signal: AbortSignal): Promise<void> {
    if (device.organization !== this.#api.project) throw this.#otherProject(device);
    const found = await there.find(device, device.others.length > 0);
    if (found.other !== undefined) throw this.#taken(device, found.other);
    if (found.device !== undefined) return await this.#enable(found.device, signal);
    if (this.#options.create === undefined) return;
    const equipment = await this.#equip(signal);
    const created =
      (await this.#create(device, equipment, signal)) ??
      ((await this.#freeBoard(device, signal)) ? await this.#create(device, equipment, signal) : undefined);
    if (created === undefined) await this.#enable(await this.#justCreated(device, signal), signal);
  }

  /** The board of a unit that was revoked or scrapped may become another unit's: its disabled device gives up the hardware id. */
  async #freeBoard({ boardId, commonName }: Device, signal: AbortSignal): Promise<boolean> {
    const holder = await new GoliothDevices(this.#api, signal).onBoard(boardId);
    if (holder === undefined || holder.name === commonName || holder.enabled !== false) return false;
    await this.#patch(holder.id, { removeHardwareId: boardId }, signal);
    return true;
  }

  async #withdrawOne(device: Device, there: GoliothDevices, signal: AbortSignal): Promise<void> {
    // Its certificate is of another project, or the unit continues under the same name with another one.
    if (device.organization !== this.#api.project || device.inUse !== undefined) return;
    const found: Found = await there.find(device, true);
    if (found.other !== undefined) throw this.#taken(device, found.other);
    if (found.device?.enabled === false) return;
    const id =
      found.device?.id ??
      (await this.#create(device, { tagIds: [] }, signal)) ??
      (await this.#justCreated(device, signal)).id;
    await this.#patch(id, { enabled: false }, signal);
  }

  /** Id of the new device; undefined where one of its name is there meanwhile. */
  async #create(
    { commonName, boardId }: Device,
    equipment: Equipment,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const json = { name: commonName, hardwareIds: [boardId], ...equipment };
    const question = { method: 'POST', path: '/devices', json } as const;
    const { code, body } = await this.#api.ask(question, 'create a device', signal, [
      GOLIOTH_CODE.alreadyExists,
    ]);
    return code === 0 ? this.#api.data(z.object({ id: z.string().min(1) }), body).id : undefined;
  }

  /** The device that somebody else, or an earlier try, created meanwhile. */
  async #justCreated(device: Device, signal: AbortSignal): Promise<GoliothDevice> {
    const found = await new GoliothDevices(this.#api, signal).find(device, false);
    if (found.device !== undefined) return found.device;
    if (found.other !== undefined) throw this.#taken(device, found.other);
    const message = `The registry ${this.name} has a device with the hardware id ${device.boardId}, which is not called ${device.commonName}: remove that hardware id from it, or find out which one is real.`;
    throw new DeviceRegistryError('conflict', message);
  }

  async #enable(device: GoliothDevice, signal: AbortSignal): Promise<void> {
    const { blueprintId, tagIds } = this.#options.create ? await this.#equip(signal) : { tagIds: [] };
    const has = device.tagIds ?? [];
    const missing = tagIds.filter((id) => !has.includes(id));
    const changes = {
      ...(device.enabled !== true && { enabled: true }),
      // A person may have chosen another blueprint since.
      ...(blueprintId !== undefined && (device.blueprintId ?? '') === '' && { blueprintId }),
      ...(missing.length > 0 && { tagIds: [...has, ...missing] }),
    };
    if (Object.keys(changes).length > 0) await this.#patch(device.id, changes, signal);
  }

  async #patch(id: string, json: unknown, signal: AbortSignal): Promise<void> {
    const question = { method: 'PATCH', path: `/devices/${encodeURIComponent(id)}`, json } as const;
    const { code } = await this.#api.ask(question, 'change a device', signal, [GOLIOTH_CODE.notFound]);
    if (code === 0) return;
    const message = `The registry ${this.name} no longer has the device ${id}, which it had a moment ago: it is tried again.`;
    throw new DeviceRegistryError('unavailable', message, { isUnknown: true });
  }

  async #equip(signal: AbortSignal): Promise<Equipment> {
    this.#equipment ??= this.#readEquipment(signal);
    try {
      return await this.#equipment;
    } catch (error) {
      this.#equipment = undefined;
      throw error;
    }
  }

  /** Bodies of devices have ids, and people know names. */
  async #readEquipment(signal: AbortSignal): Promise<Equipment> {
    const { blueprint, tags = [] } = this.#options.create ?? {};
    const blueprintId =
      blueprint === undefined ? undefined : await this.#idOf('blueprint', '/blueprints', blueprint, signal);
    const tagIds: string[] = [];
    for (const tag of tags) tagIds.push(await this.#idOf('tag', '/tags', tag, signal));
    return { tagIds, ...(blueprintId !== undefined && { blueprintId }) };
  }

  async #idOf(kind: string, path: string, name: string, signal: AbortSignal): Promise<string> {
    const entries = await this.#api.list(path, named, `list its ${kind}s`, signal);
    const entry = entries.find((each) => each.name === name);
    if (entry !== undefined) return entry.id;
    const message = `The project ${this.#api.project} of the registry ${this.name} has no ${kind} called "${name}": create it there, or correct the configuration.`;
    throw new DeviceRegistryError('credentials', message);
  }

  #otherProject({ commonName, organization }: Device): DeviceRegistryError {
    const message = `The certificate of ${commonName} has the O "${organization}", and the registry ${this.name} is the project "${this.#api.project}": Golioth refuses it. Correct the organization of the product, then give the unit a new certificate.`;
    return new DeviceRegistryError('refused', message);
  }

  #taken({ commonName }: Device, { certificateId }: GoliothDevice): DeviceRegistryError {
    const message = `The registry ${this.name} has a device called ${commonName} with the certificate id "${certificateId}": rename it there, or find out which certificate is real.`;
    return new DeviceRegistryError('conflict', message);
  }

  #withoutCa(): DeviceRegistryError {
    const message = `The project ${this.#api.project} of the registry ${this.name} does not have the certificate of the CA that signs devices: upload it with "certline cloud golioth ca upload".`;
    return new DeviceRegistryError('credentials', message);
  }
}
