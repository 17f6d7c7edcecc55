import { DeviceRegistryError } from './device-registry-error.ts';
import type { CheckedPermission } from './device-registry.ts';

/** Tries one thing that a device registry must allow; what it throws of our own is the fault. */
export async function checkedPermission(
  permission: string,
  attempt: () => Promise<unknown>,
): Promise<CheckedPermission> {
  try {
    await attempt();
    return { permission };
  } catch (error) {
    if (!(error instanceof DeviceRegistryError)) throw error;
    return { permission, fault: error.message };
  }
}
