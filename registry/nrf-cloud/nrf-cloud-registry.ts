import { z } from 'zod';
import { pemOf } from '../../pki/x509/pem.ts';
import { printable } from '../../provisioning/printable.ts';
import { askedPermission } from '../checked-permission.ts';
import { DeviceRegistryError, isOfDevice } from '../device-registry-error.ts';
import { eachDevice } from '../each-device.ts';
import type { DeviceRegistryReason } from '../device-registry-error.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../device-registry.ts';
import { jsonIn, notUnderstood } from '../http/http-fault.ts';
import { runBulk } from './bulk-operation.ts';
import type { BulkPatience } from './bulk-operation.ts';
import { NrfCloudApi } from './nrf-cloud-api.ts';
import type { NrfCloudOptions } from './nrf-cloud-api.ts';

export interface NrfCloudRegistryOptions extends NrfCloudOptions, Partial<BulkPatience> {
  /** The kind of device, as nRF Cloud shows it. */
  readonly subType?: string;
  /** Groups that each device is in, beside Certline's own. */
  readonly tags?: readonly string[];
  /** What can be updated over the air, such as APP and MODEM. */
  readonly fwTypes?: readonly string[];
}

/** The group by which we recognize a device that we onboarded: nRF Cloud does not say which certificate a device has. */
const OWN_TAG = 'certline';
/** An id that is none makes nRF Cloud refuse the whole list, or operation, that has it. */
const DEVICE_ID = /^[A-Za-z0-9:_-]{1,128}$/;
/** Most rows of one bulk operation. */
const ROWS_MOST = 1_000;
/** Ids in the address of one list: that of the longest ones has about 4,000 characters. */
const LOOKED_AT_ONCE = 50;

/** Nordic's tool asks every 5 s. Other calls of a drain must end within 5 minutes too. */
const PATIENCE: BulkPatience = { pollMs: 5_000, patienceMs: 240_000 };

const deviceShape = z.object({ id: z.string().min(1), tags: z.array(z.string()).default([]) });
const listShape = z.object({ items: z.array(deviceShape) });
const operationsShape = z.object({ items: z.array(z.unknown()) });
const accountShape = z.object({ role: z.string() });

/** What nRF Cloud says of a row is for people; these are all the differences that matter. */
const TAKEN = /\balready\b/i;
const TAKEN_BY_ANOTHER = /\bdifferent device\b/i;
const PASSING = /throttl|rate exceeded|too many requests|timed? ?out|internal|unavailable|try again/i;

/**
 * nRF Cloud: a device for each unit, whose id is the CN, onboarded with its certificate by bulk operations. A device that is
 * ours and has an earlier certificate of its unit gets the new one in its place. nRF Cloud ends no certificate and disables no
 * device, so `withdraw` deletes the device, except where its unit has another certificate in use, or gets one: that one
 * replaces this.
 */
export class NrfCloudRegistry implements DeviceRegistry {
  readonly name: string;
  readonly guarantees = { signedIsLive: false, canProbe: false };
  readonly pace: RegistryPace = {
    // nRF Cloud publishes no limits. A bulk operation takes seconds, so a lot goes in few of them.
    devicesPerSecond: 50,
    devicesPerCall: ROWS_MOST,
    callsAtOnce: 1,
    gatherMs: 5_000,
    firstPauseMs: 5_000,
    longestPauseMs: 300_000,
  };
  readonly #options: NrfCloudRegistryOptions;
  readonly #api: NrfCloudApi;

  constructor(options: NrfCloudRegistryOptions) {
    this.name = options.name;
    this.#options = options;
    this.#api = new NrfCloudApi(options);
  }

  /** Devices there have no certificate that could be compared. */
  async probe(): Promise<Presence> {
    return 'unknown';
  }

  async put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    const answers = new Map<Device, Answer>();
    const [fresh, known]: [Device[], Device[]] = [[], []];
    const possible = devices.filter(({ commonName }) => DEVICE_ID.test(commonName));
    const there = await this.#tagsOf(possible, signal);
    for (const device of possible) {
      const tags = there.get(device.commonName);
      if (tags !== undefined && !tags.includes(OWN_TAG)) answers.set(device, this.#taken(device));
      // Where the unit has had no other certificate, an earlier try did not end, and the same row is sent again.
      else if (tags === undefined || device.others.length === 0) fresh.push(device);
      else known.push(device);
    }
    const said = await this.#send('/devices', fresh, (device) => this.#onboardingRow(device), signal);
    for (const [device, says] of said) {
      const answer = isTaken(says) ? await this.#holderOf(device, signal) : this.#answerTo(device, says);
      if (answer === 'ours') known.push(device);
      else answers.set(device, answer);
    }
    try {
      const replaced = await this.#send('/devices/certificates', known, certificateRow, signal);
      for (const [device, says] of replaced) answers.set(device, this.#answerTo(device, says));
    } catch (error) {
      // What is onboarded by now is known.
      if (!(error instanceof DeviceRegistryError) || answers.size === 0) throw error;
      for (const device of known) answers.set(device, error);
    }
    return devices.map((device) => answers.get(device) ?? this.#noId(device));
  }

  async withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    let busy: Promise<boolean> | undefined;
    // Asked once, before anything is deleted: this drain begins no operation meanwhile.
    const isBusy = (): Promise<boolean> => (busy ??= this.#isBusy(signal));
    return await eachDevice(devices, (device) => this.#withdrawOne(device, isBusy, signal));
  }

  async check(signal: AbortSignal): Promise<CheckedPermission[]> {
    const read = (what: string, path: string, shape: z.ZodType): Promise<CheckedPermission> =>
      askedPermission(what, async () =>
        this.#api.read(shape, await this.#api.ask({ method: 'GET', path }, what, signal)),
      );
    return [
      await read('list devices', '/devices?pageLimit=1', listShape),
      await read('list bulk operations', '/bulk-ops-requests?pageLimit=1', operationsShape),
      await askedPermission('onboard devices', async () => {
        const answer = await this.#api.ask({ method: 'GET', path: '/account' }, 'show the account', signal);
        if (this.#api.read(accountShape, answer).role === 'viewer') throw this.#viewer();
      }),
    ];
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  async #withdrawOne(device: Device, isBusy: () => Promise<boolean>, signal: AbortSignal): Promise<Answer> {
    const { inUse, continues = false } = device;
    if (inUse !== undefined || continues || !DEVICE_ID.test(device.commonName)) return 'done';
    const path = `/devices/${encodeURIComponent(device.commonName)}`;
    const tags = await this.#tagsOfOne(device, signal);
    if (tags === undefined) return (await isBusy()) ? this.#mayAppear(device) : 'unsure';
    if (!tags.includes(OWN_TAG)) return this.#taken(device);
    // A put that was sent twice may bring it again.
    const mayAppear = await isBusy();
    const deleted = await this.#api.ask({ method: 'DELETE', path }, 'delete a device', signal, [404]);
    if (deleted.body.length > 0) jsonIn(this.name, deleted);
    return mayAppear ? 'unsure' : 'done';
  }

  /** What nRF Cloud said of each device; undefined where it took it. */
  async #send(
    path: string,
    devices: readonly Device[],
    row: (device: Device) => string,
    signal: AbortSignal,
  ): Promise<Map<Device, string | undefined>> {
    const { pollMs = PATIENCE.pollMs, patienceMs = PATIENCE.patienceMs } = this.#options;
    const said = await runBulk(this.#api, path, devices.map(row), { pollMs, patienceMs }, signal);
    return new Map(devices.map((device, index) => [device, said[index]]));
  }

  /** Groups of those of the devices that are in the account, by their id. */
  async #tagsOf(devices: readonly Device[], signal: AbortSignal): Promise<Map<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>();
    for (let from = 0; from < devices.length; from += LOOKED_AT_ONCE) {
      const ids = devices
        .slice(from, from + LOOKED_AT_ONCE)
        .map(({ commonName }): [string, string] => ['deviceIds', commonName]);
      const query = new URLSearchParams([['pageLimit', String(LOOKED_AT_ONCE)], ...ids]);
      const answer = await this.#api.ask(
        { method: 'GET', path: `/devices?${query.toString()}` },
        'list devices',
        signal,
      );
      for (const { id, tags } of this.#api.read(listShape, answer).items) found.set(id, tags);
    }
    return found;
  }

  async #tagsOfOne({ commonName }: Device, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const path = `/devices/${encodeURIComponent(commonName)}`;
    const answer = await this.#api.ask({ method: 'GET', path }, 'show a device', signal, [404]);
    if (answer.status === 404) return undefined;
    const { id, tags } = this.#api.read(deviceShape, answer);
    if (id !== commonName) throw notUnderstood(this.name);
    return tags;
  }

  /** Whose the device is that nRF Cloud says it has; a fault where it is not ours, or not shown. */
  async #holderOf(device: Device, signal: AbortSignal): Promise<'ours' | DeviceRegistryError> {
    const tags = await this.#tagsOfOne(device, signal);
    if (tags === undefined) return this.#notSeen(device);
    return tags.includes(OWN_TAG) ? 'ours' : this.#taken(device);
  }

  /** Whether a bulk operation is under way, maybe with a device that is not there yet. */
  async #isBusy(signal: AbortSignal): Promise<boolean> {
    for (const status of ['PENDING', 'IN_PROGRESS']) {
      const path = `/bulk-ops-requests?status=${status}&pageLimit=1`;
      const answer = await this.#api.ask({ method: 'GET', path }, 'list bulk operations', signal);
      if (this.#api.read(operationsShape, answer).items.length > 0) return true;
    }
    return false;
  }

  #onboardingRow({ commonName, certificate }: Device): string {
    const { subType = '', tags = [], fwTypes = [] } = this.#options;
    const groups = [OWN_TAG, ...tags.filter((tag) => tag !== OWN_TAG)];
    return `${commonName},${subType},${groups.join('|')},${fwTypes.join('|')},${quotedPem(certificate)}\n`;
  }

  #answerTo({ commonName }: Device, says: string | undefined): Answer {
    if (says === undefined) return 'done';
    const reason = reasonOf(says);
    const quoted = says === '' ? 'without saying why' : `with "${this.#api.quoted(says)}"`;
    const advice = isOfDevice(reason) ? 'correct that, then retry the unit' : 'it is tried again';
    const message = `The registry ${this.name} refused ${commonName} ${quoted}: ${advice}.`;
    return new DeviceRegistryError(reason, message, { isUnknown: reason === 'unavailable' });
  }

  #taken({ commonName }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} has a device ${commonName} that is not in the group "${OWN_TAG}", so somebody else onboarded it: find out which certificate it has, and delete it or put it into the group.`;
    return new DeviceRegistryError('conflict', message);
  }

  /** A look may be older than what was done. */
  #notSeen({ commonName }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} says that it has a device ${commonName} already, and does not show it: it is tried again. If it stays so, another team has a device of this id.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown: true });
  }

  #noId({ commonName }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} takes no device ${printable(commonName)}: an id has only A-Z a-z 0-9 : _ -. Correct the commonName of the product, then give the unit a new certificate.`;
    return new DeviceRegistryError('refused', message);
  }

  #mayAppear({ commonName }: Device): DeviceRegistryError {
    const message = `The registry ${this.name} has no device ${commonName}, and a bulk operation under way may yet bring it: it is tried again.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown: true });
  }

  #viewer(): DeviceRegistryError {
    const message = `The API key of the registry ${this.name} is that of a viewer, who may not onboard devices: use the key of an editor.`;
    return new DeviceRegistryError('credentials', message);
  }
}

/** Whether the device is there already, maybe by an earlier try of ours. */
function isTaken(says: string | undefined): boolean {
  return says !== undefined && TAKEN.test(says) && !TAKEN_BY_ANOTHER.test(says);
}

function reasonOf(says: string): DeviceRegistryReason {
  if (TAKEN.test(says)) return 'conflict';
  return PASSING.test(says) ? 'unavailable' : 'refused';
}

function certificateRow({ commonName, certificate }: Device): string {
  return `${commonName},${quotedPem(certificate)}\n`;
}

/** nRF Cloud needs the line break at the end of the PEM inside the quotes. */
function quotedPem(certificate: Uint8Array): string {
  return `"${pemOf('CERTIFICATE', certificate)}"`;
}
