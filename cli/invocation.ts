import { join, resolve } from 'node:path';
import { isThere } from '../disk/is-there.ts';
import type { Command } from 'commander';
import type { LineConfig } from '../line/config.ts';
import { CommandError } from './exit-status.ts';
import { mustBeOwner } from './state-owner.ts';

/** The state folder and the configuration of a command, each by option, else by environment, else by default. */
export interface Invocation {
  readonly stateFolder: string;
  readonly config: LineConfig;
}

/** Where a command works. Not every command needs the configuration, so it is read only on request. */
export interface Place {
  readonly stateFolder: string;
  /** Reads the configuration. Rejects with CONFIG_NOT_FOUND, CONFIG_INVALID. */
  readonly invocation: () => Promise<Invocation>;
}

/** For commands that read what a line has left: throws `unknown` where the named state folder is not there. */
export function mustHaveNamedState(command: Command): void {
  const { state } = command.optsWithGlobals<GlobalOptions>();
  const named = state ?? variable('CERTLINE_STATE');
  if (named === undefined || isThere(named)) return;
  const by = state === undefined ? 'CERTLINE_STATE' : '--state';
  throw new CommandError('unknown', `There is no state folder ${resolve(named)}: correct ${by}.`);
}

interface GlobalOptions {
  readonly state?: string;
  readonly config?: string;
  readonly inbox?: string;
}

const DEFAULT_CONFIG = 'certline.json';
/** The one that Certline comes with. Its drop folder is in the working folder, as the state folder is. */
const OWN_CONFIG = join(import.meta.dirname, '..', DEFAULT_CONFIG);
const DEFAULT_STATE = '.certline';

/** Reads the global options of a command line that has been parsed. Throws `refused`: see `mustBeOwner`. */
export function placeOf(command: Command): Place {
  const options = command.optsWithGlobals<GlobalOptions>();
  const stateFolder = resolve(options.state ?? variable('CERTLINE_STATE') ?? DEFAULT_STATE);
  mustBeOwner(stateFolder);
  return { stateFolder, invocation: async () => ({ stateFolder, config: await readConfig(options) }) };
}

async function readConfig(options: GlobalOptions): Promise<LineConfig> {
  const { loadLineConfig } = await import('../line/config.ts');
  const { metricsAddressIn } = await import('../line/metrics-address.ts');
  const named = options.config ?? variable('CERTLINE_CONFIG') ?? configHere();
  const config = named === undefined ? loadLineConfig(OWN_CONFIG, process.cwd()) : loadLineConfig(named);
  const inbox = options.inbox ?? variable('CERTLINE_INBOX');
  const address = metricsAddressIn(process.env);
  return {
    ...config,
    ...(inbox !== undefined && { inbox: resolve(inbox) }),
    ...(address !== undefined && { metrics: { address } }),
  };
}

/** An empty one is not set: Compose and environment files make such of what is missing. */
function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

function configHere(): string | undefined {
  return isThere(DEFAULT_CONFIG) ? DEFAULT_CONFIG : undefined;
}
