import type { CheckedPermission } from '../registry/device-registry.ts';
import { DeviceRegistryError } from '../registry/device-registry-error.ts';
import type { DeviceRegistryConfig } from './device-registry-config.ts';
import { otherAccount } from '../registry/outbox/other-account.ts';
import { openDeviceRegistry } from './device-registries.ts';

/** Nobody waits longer than this for all of them. */
const PATIENCE_MS = 60_000;

/** A permission of one device registry. */
export interface CheckedRegistry extends CheckedPermission {
  readonly registry: string;
}

/**
 * Tries each permission of each device registry, in the order of the configuration, without changing anything. `accounts` are those
 * that have their devices, by name. It ends after `patienceMs` milliseconds: what has no answer then has a fault.
 */
export async function checkDeviceRegistries(
  stateFolder: string,
  configs: readonly DeviceRegistryConfig[],
  accounts: ReadonlyMap<string, string>,
  patienceMs = PATIENCE_MS,
): Promise<CheckedRegistry[]> {
  const ending = new AbortController();
  // The reason is part of the sentence.
  const timer = setTimeout(() => ending.abort(new Error(`no answer in ${patienceMs / 1_000} s`)), patienceMs);
  const checks = configs.map(async (config): Promise<CheckedRegistry[]> => {
    const registry = await openDeviceRegistry(stateFolder, config);
    try {
      const fault = otherAccount(config.name, accounts.get(config.name), registry.account);
      // What is allowed in an account that nothing is sent to is not the question.
      if (fault !== undefined) return [{ registry: config.name, permission: 'send', fault }];
      const permissions = await registry.check(ending.signal);
      return permissions.map((permission) => ({ registry: config.name, ...permission }));
    } catch (error) {
      if (!(error instanceof DeviceRegistryError)) throw error;
      return [{ registry: config.name, permission: 'answer', fault: error.message }];
    } finally {
      await registry.close();
    }
  });
  try {
    return (await Promise.all(checks)).flat();
  } finally {
    clearTimeout(timer);
  }
}
