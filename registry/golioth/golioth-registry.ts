import { z } from 'zod';
import { NOT_TRIED, askedPermission } from '../checked-permission.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { eachDevice } from '../each-device.ts';
import { notUnderstood } from '../http/http-fault.ts';
import { quoted } from '../http/quoted.ts';
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

const identified = z.object({ id: z.string().min(1) });
const named = identified.extend({ name: z.string() });
/** Devices that are handled in one call: they share a list of all devices where one is needed. */
const DEVICES_PER_CALL = 20;

/** What every created device has. */
interface Equipment {
  readonly blueprintId?: string;
  readonly tagIds: readonly string[];
}

/** One call of `put` or `withdraw`. */
interface Turn {
  readonly there: GoliothDevices;
  /** Settles when the calls have ended that began before. */
  readonly earlier: Promise<unknown>;
  readonly signal: AbortSignal;
  /** Read once where it is needed, and not kept for later calls: a person may make a tag again, under another id. */
  readonly equipment: () => Promise<Equipment>;
}

/**
 * A project at Golioth. It trusts the issuing CA, so a certificate is live when it is signed, and the first connect makes its
 * device, by the CN. Golioth ends no single certificate: `withdraw` disables the device, and creates it disabled where it never
 * connected, since its first connect would create it. It deletes none, for the same reason.
 */
export class GoliothRegistry implements DeviceRegistry {
  readonly name: string;
  readonly account: string;
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
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: GoliothRegistryOptions) {
    this.name = options.name;
    this.account = `golioth ${options.project}`;
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
    return await this.#each(devices, signal, (device, turn) => this.#putOne(device, turn));
  }

  async withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return await this.#each(devices, signal, (device, turn) => this.#withdrawOne(device, turn));
  }

  async check(signal: AbortSignal): Promise<CheckedPermission[]> {
    const { issuingCa } = this.#options;
    return [
      await askedPermission('list devices', () => this.#api.tryList('/devices', 'list devices', signal)),
      await askedPermission('list certificates', async () => {
        if (issuingCa === undefined)
          return await this.#api.tryList('/certificates', 'list certificates', signal);
        if ((await findCa(this.#api, issuingCa, signal)) === undefined) throw this.#withoutCa();
      }),
      ...(this.#options.create === undefined
        ? []
        : [await askedPermission('find the blueprint and the tags', () => this.#readEquipment(signal))]),
      { permission: 'create and change devices', note: NOT_TRIED },
    ];
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  async #each(
    devices: readonly Device[],
    signal: AbortSignal,
    act: (device: Device, turn: Turn) => Promise<Answer>,
  ): Promise<Answer[]> {
    let read: Promise<Equipment> | undefined;
    const turn: Turn = {
      there: new GoliothDevices(this.#api, signal),
      earlier: Promise.allSettled(this.#underWay),
      signal,
      equipment: () => (read ??= this.#readEquipment(signal)),
    };
    const call = eachDevice(devices, (device) => act(device, turn));
    this.#underWay.add(call);
    try {
      return await call;
    } finally {
      this.#underWay.delete(call);
    }
  }

  async #putOne(device: Device, turn: Turn): Promise<Answer> {
    if (device.organization !== this.#api.project) throw this.#otherProject(device);
    const found = await turn.there.find(device, device.others.length > 0);
    if (found.other !== undefined) throw this.#taken(device, found.other);
    if (found.device !== undefined) return await this.#bring(found.device, device, turn);
    // Only a unit that had another certificate may be refused by its name.
    if (this.#options.create === undefined) return device.others.length > 0 ? 'unsure' : 'done';
    const { commonName: name, boardId } = device;
    const json = { name, hardwareIds: [boardId], ...(await turn.equipment()) };
    if ((await this.#create(json, turn.signal)) !== undefined) return 'done';
    const meanwhile = await this.#lookAgain(device, turn.signal);
    if (meanwhile !== undefined) return await this.#bring(meanwhile, device, turn);
    await this.#freeBoard(device, turn);
    if ((await this.#create(json, turn.signal)) === undefined) throw this.#notSeen(device);
    return 'done';
  }

  /**
   * Makes the unit's board free: a unit that was revoked or scrapped may have had it, whose disabled device gives up the hardware
   * id. A unit that works gives it up in a call that began before this one, or it is a conflict.
   */
  async #freeBoard(device: Device, { earlier, signal }: Turn): Promise<void> {
    const devices = new GoliothDevices(this.#api, signal);
    let holder = await devices.otherOnBoard(device);
    if (holder?.enabled === true) {
      await earlier;
      holder = await devices.otherOnBoard(device);
    }
    if (holder === undefined) return;
    if (holder.enabled === true) throw this.#boardTaken(device, holder);
    await this.#change(holder.id, { removeHardwareId: [device.boardId] }, signal);
  }

  async #withdrawOne(device: Device, { there, signal }: Turn): Promise<Answer> {
    // Its certificate is of another project, or the unit continues under the same name with another one.
    if (device.organization !== this.#api.project || device.inUse !== undefined) return 'done';
    const found: Found = await there.find(device, true);
    if (device.continues) return await this.#letConnect(found, signal);
    if (found.other !== undefined) throw this.#taken(device, found.other);
    // Also one that is disabled already, as it seems: a look may be older than what enabled it.
    const id =
      found.device?.id ??
      // Without its board, which may be another unit's already.
      (await this.#create({ name: device.commonName }, signal)) ??
      (await this.#lookAgain(device, signal))?.id;
    if (id === undefined) throw this.#notSeen(device);
    await this.#change(id, { enabled: false }, signal);
    return 'done';
  }

  /** The next certificate of the unit connects before it is put: a line may wait for that. */
  async #letConnect({ device }: Found, signal: AbortSignal): Promise<Answer> {
    if (device === undefined) return 'unsure';
    await this.#change(device.id, { enabled: true }, signal);
    return 'done';
  }

  /** Id of the new device; undefined where its name or a hardware id is taken. */
  async #create(json: { readonly name: string }, signal: AbortSignal): Promise<string | undefined> {
    const question = { method: 'POST', path: '/devices', json } as const;
    const { code, body } = await this.#api.ask(question, 'create a device', signal, [
      GOLIOTH_CODE.alreadyExists,
    ]);
    if (code !== 0) return undefined;
    const created = this.#api.data(named, body);
    if (created.name !== json.name) throw notUnderstood(this.name);
    return created.id;
  }

  /** The device that somebody else, or an earlier try, created meanwhile. */
  async #lookAgain(device: Device, signal: AbortSignal): Promise<GoliothDevice | undefined> {
    const found = await new GoliothDevices(this.#api, signal).find(device, false);
    if (found.other !== undefined) throw this.#taken(device, found.other);
    return found.device;
  }

  /** Makes a device that of the unit: enabled, with its equipment, and on the board that the unit is on now. */
  async #bring(found: GoliothDevice, device: Device, turn: Turn): Promise<Answer> {
    const { boardId, others } = device;
    const { create } = this.#options;
    const { blueprintId, tagIds } = create ? await turn.equipment() : { tagIds: [] };
    const has = found.tagIds ?? [];
    const missing = tagIds.filter((id) => !has.includes(id));
    const isMoved = create !== undefined && others.length > 0 && !(found.hardwareIds ?? []).includes(boardId);
    const changes = {
      // A look may be older than what disabled the device, when another certificate of the unit was withdrawn.
      ...((found.enabled !== true || others.length > 0) && { enabled: true }),
      // A person may have chosen another blueprint since.
      ...(blueprintId !== undefined && (found.blueprintId ?? '') === '' && { blueprintId }),
      ...(missing.length > 0 && { tagIds: [...has, ...missing] }),
      ...(isMoved && { hardwareIds: [boardId] }),
    };
    if (Object.keys(changes).length === 0 || (await this.#change(found.id, changes, turn.signal)))
      return 'done';
    await this.#freeBoard(device, turn);
    if (!(await this.#change(found.id, changes, turn.signal))) throw this.#notSeen(device);
    return 'done';
  }

  /** False where the hardware id that it gets is taken. */
  async #change(id: string, json: object, signal: AbortSignal): Promise<boolean> {
    const question = { method: 'PATCH', path: `/devices/${encodeURIComponent(id)}`, json } as const;
    const expected = [GOLIOTH_CODE.notFound, ...('hardwareIds' in json ? [GOLIOTH_CODE.alreadyExists] : [])];
    const { code, body } = await this.#api.ask(question, 'change a device', signal, expected);
    if (code === 0) {
      if (this.#api.data(identified, body).id !== id) throw notUnderstood(this.name);
      return true;
    }
    if (code !== GOLIOTH_CODE.notFound) return false;
    const message = `The registry ${this.name} no longer has the device ${id}, which it had a moment ago: it is tried again.`;
    throw new DeviceRegistryError('unavailable', message, { isUnknown: true });
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
    const message = `The registry ${this.name} has a device called ${commonName} with the certificate id "${quoted(certificateId ?? '', [])}": rename it there, or find out which certificate is real.`;
    return new DeviceRegistryError('conflict', message);
  }

  #boardTaken({ commonName, boardId }: Device, { name }: GoliothDevice): DeviceRegistryError {
    const message = `The registry ${this.name} has a device called "${quoted(name, [])}" with the hardware id ${boardId}, which is that of the board of ${commonName}: remove that hardware id from it, or find out which one is real.`;
    return new DeviceRegistryError('conflict', message);
  }

  /** A look may be older than what was done. */
  #notSeen({ commonName, boardId }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} says that a device has the name ${commonName} or the hardware id ${boardId}, and shows none: it is tried again.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown: true });
  }

  #withoutCa(): DeviceRegistryError {
    const message = `The project ${this.#api.project} of the registry ${this.name} does not have the certificate of the CA that signs devices: upload it with "certline cloud golioth ca upload".`;
    return new DeviceRegistryError('credentials', message);
  }
}
