/**
 * Why a device registry could not do it, and what follows.
 *
 * - unavailable: it does not answer, or says that it has a fault. Tried again, with growing pauses.
 * - throttled: too much was asked. Nothing was done; everything waits for `waitMs`.
 * - credentials: it does not accept who we are, or what we may do, or it is not at its address, or the configuration names another
 *   account than the one that has its devices. Everything waits until a person repairs that.
 * - refused: it will never take this device as it is. Parked.
 * - conflict: it has another certificate in this one's place, which is not the unit's. Parked.
 */
export type DeviceRegistryReason = 'unavailable' | 'throttled' | 'credentials' | 'refused' | 'conflict';

/** Whether it is about this device: the device registry is well, and takes others. */
export function isOfDevice(reason: DeviceRegistryReason): boolean {
  return reason === 'refused' || reason === 'conflict';
}

interface Particulars {
  /** Whether it may have been done nevertheless: the question was sent, and no answer came. */
  readonly isUnknown?: boolean;
  /** How long the device registry asks to be left alone, in milliseconds. */
  readonly waitMs?: number;
  readonly cause?: unknown;
}

/** The one error class of device registries. Its message is a sentence for a person, without credentials. */
export class DeviceRegistryError extends Error {
  override readonly name = 'DeviceRegistryError';
  readonly reason: DeviceRegistryReason;
  readonly isUnknown: boolean;
  readonly waitMs: number | undefined;

  constructor(
    reason: DeviceRegistryReason,
    message: string,
    { isUnknown = false, waitMs, cause }: Particulars = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.isUnknown = isUnknown;
    this.waitMs = waitMs;
  }
}
