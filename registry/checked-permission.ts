import { DeviceRegistryError } from './device-registry-error.ts';
import type { CheckedPermission } from './device-registry.ts';

/** What was asked of something that does not exist: a cloud may look at that before it looks at what is allowed. */
export const NOT_PROVEN = 'ok for one that does not exist; writing is not proven';
export const NOT_TRIED = 'not tried: it would change something';

/** Tries one thing that a device registry must allow; what it throws of our own is the fault. */
export async function checkedPermission(
  permission: string,
  attempt: () => Promise<unknown>,
  note?: string,
): Promise<CheckedPermission> {
  try {
    await attempt();
    return { permission, ...(note !== undefined && { note }) };
  } catch (error) {
    if (!(error instanceof DeviceRegistryError)) throw error;
    return { permission, fault: error.message };
  }
}
