import type { DeviceRegistryError } from '../../../registry/device-registry-error.ts';
import type {
  Answer,
  CheckedPermission,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../../../registry/device-registry.ts';
import type { Clock } from '../../../registry/outbox/clock.ts';

/** A device registry in memory, which takes time by the fake clock and fails as a test says. */
export class ScriptedRegistry implements DeviceRegistry {
  readonly name: string;
  readonly guarantees = { signedIsLive: false, canProbe: true };
  readonly pace: RegistryPace;
  readonly inUse = new Set<string>();
  /** When each device was sent, and which. */
  readonly sent: { readonly at: number; readonly act: string; readonly serial: string }[] = [];
  account: string | undefined;
  probes = 0;
  mostAtOnce = 0;
  #atOnce = 0;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  /** Before a call is carried out, and after it; what it returns fails the device, what it throws the call. */
  before: (device: Device, act: string) => DeviceRegistryError | undefined = () => undefined;
  after: (device: Device, act: string) => DeviceRegistryError | undefined = () => undefined;

  constructor(clock: Clock, name = 'cloud', pace: Partial<RegistryPace> = {}, latencyMs = 150) {
    this.#clock = clock;
    this.name = name;
    this.#latencyMs = latencyMs;
    this.pace = {
      devicesPerSecond: 10,
      devicesPerCall: 1,
      callsAtOnce: 8,
      gatherMs: 0,
      firstPauseMs: 1_000,
      longestPauseMs: 300_000,
      ...pace,
    };
  }

  async probe({ certificateSha256 }: Device): Promise<Presence> {
    this.probes += 1;
    return this.inUse.has(certificateSha256) ? 'present' : 'absent';
  }

  put(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return this.#call('put', devices, signal);
  }

  withdraw(devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    return this.#call('withdraw', devices, signal);
  }

  /** It is well unless a test says otherwise. */
  isWell = (): boolean => true;

  async check(): Promise<CheckedPermission[]> {
    return [{ permission: 'put', ...(!this.isWell() && { fault: 'It is down.' }) }];
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  async #call(act: string, devices: readonly Device[], signal: AbortSignal): Promise<Answer[]> {
    this.#atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    for (const { serial } of devices) this.sent.push({ at: this.#clock.now(), act, serial });
    await this.#clock.sleep(this.#latencyMs, signal);
    this.#atOnce -= 1;
    return devices.map((device) => {
      const refused = this.before(device, act);
      if (refused !== undefined) return refused;
      if (act === 'put') this.inUse.add(device.certificateSha256);
      else this.inUse.delete(device.certificateSha256);
      return this.after(device, act) ?? 'done';
    });
  }
}
