import { DeviceRegistryError } from './device-registry-error.ts';
import type { CheckedPermission } from './device-registry.ts';

/** What was asked of something that does not exist: a cloud may look at that before it looks at what is allowed. */
export const NOT_PROVEN = 'ok for one that does not exist; writing is not proven';
export const NOT_TRIED = 'not tried: it would change something';

/** What a person can do where a cloud does not answer, or another one answers in its place. */
const WAY_ADVICE =
  'If that stays so, correct its address, or the network, the proxy or the clock of this host.';

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

/** The same of one that is asked over the network. */
export async function askedPermission(
  permission: string,
  attempt: () => Promise<unknown>,
  note?: string,
): Promise<CheckedPermission> {
  const asked = async (): Promise<void> => {
    try {
      await attempt();
    } catch (error) {
      throw error instanceof DeviceRegistryError ? withWay(error) : error;
    }
  };
  return await checkedPermission(permission, asked, note);
}

function withWay(error: DeviceRegistryError): DeviceRegistryError {
  if (error.reason !== 'unavailable') return error;
  return new DeviceRegistryError('unavailable', `${error.message} ${WAY_ADVICE}`, { cause: error });
}
