import type { GoliothOptions } from '../registry/golioth/golioth-api.ts';
import { ConfigError } from './config-error.ts';
import type { LineConfig } from './config.ts';
import { secretPath } from './device-registries.ts';

/** The Golioth project of this name in the configuration, or the only one there. Throws CONFIG_INVALID. */
export function goliothProject(
  { registries }: Pick<LineConfig, 'registries'>,
  name?: string,
): GoliothOptions {
  const all = registries.filter(({ kind }) => kind === 'golioth');
  const chosen = all.filter((each) => name === undefined || each.name === name);
  const [only, another] = chosen;
  if (only?.kind === 'golioth' && another === undefined)
    return { ...only, secretFile: secretPath(only.secretFile) };
  const names = all.map((each) => each.name).join(', ') || 'none';
  const wrong = name === undefined ? `${chosen.length} registries` : `no registry called "${name}"`;
  const message = `The configuration has ${wrong} of the kind "golioth" (there: ${names}): name one of them, or add one to "registries".`;
  throw new ConfigError('CONFIG_INVALID', message);
}
