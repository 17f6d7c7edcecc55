import type { DeviceRegistry } from '../device-registry.ts';

/** A device registry, and how many devices it may be asked about in a second. */
export interface ConfiguredRegistry {
  readonly registry: DeviceRegistry;
  readonly devicesPerSecond: number;
}
