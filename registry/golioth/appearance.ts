import type { Device } from '../device-registry.ts';
import type { GoliothApi } from './golioth-api.ts';
import { GoliothDevices, isCertified } from './golioth-devices.ts';

/**
 * The state of a unit at its project. connected: a device has its CN as certificate id, which only a handshake with such a
 * certificate gives it. created: a device waits for the first connect. absent: neither. taken: the name is another device's.
 */
export interface Appearance {
  readonly state: 'connected' | 'created' | 'absent' | 'taken';
  /** Of the device, which may have another name than the CN. */
  readonly name?: string;
  readonly enabled?: boolean;
}

/** Looks at all devices where the name leads to none. */
export async function appearanceOf(
  api: GoliothApi,
  device: Pick<Device, 'commonName' | 'boardId'>,
  signal: AbortSignal,
): Promise<Appearance> {
  const { device: found, other } = await new GoliothDevices(api, signal).find(device, true);
  if (found === undefined)
    return other === undefined ? { state: 'absent' } : { state: 'taken', name: other.name };
  const state = isCertified(found, device.commonName) ? 'connected' : 'created';
  return { state, name: found.name, ...(typeof found.enabled === 'boolean' && { enabled: found.enabled }) };
}
