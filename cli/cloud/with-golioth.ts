import { goliothProject } from '../../line/golioth-project.ts';
import { DeviceRegistryError } from '../../registry/device-registry-error.ts';
import { GoliothApi } from '../../registry/golioth/golioth-api.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { stopSignal } from '../stop-signal.ts';

/** Asks a Golioth project of the configuration. What it cannot do is thrown as `configuration`, `refused` or `needsPerson`. */
export async function withGolioth<T>(
  { config }: Pick<Invocation, 'config'>,
  registry: string | undefined,
  ask: (api: GoliothApi, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const api = new GoliothApi(goliothProject(config, registry));
  try {
    return await ask(api, stopSignal());
  } catch (error) {
    if (!(error instanceof DeviceRegistryError)) throw error;
    const isTemporary = error.reason === 'unavailable' || error.reason === 'throttled';
    const reason = error.reason === 'credentials' ? 'configuration' : isTemporary ? 'needsPerson' : 'refused';
    throw new CommandError(reason, error.message, { cause: error });
  } finally {
    api.close();
  }
}
