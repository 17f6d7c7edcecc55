import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadLineConfig } from '../line/config.ts';
import type { LineConfig } from '../line/config.ts';

/** What every command is told: by option, else by environment, else by default. */
export interface Invocation {
  readonly stateFolder: string;
  readonly config: LineConfig;
}

interface GlobalOptions {
  readonly state?: string;
  readonly config?: string;
  readonly inbox?: string;
}

/** Certline's own configuration, for a checkout without another one. */
const DEFAULT_CONFIG = 'certline.json';
const DEFAULT_STATE = '.certline';

/** Only the state folder, for commands that need no configuration. */
export function stateFolderOf(command: Command): string {
  const { state } = command.optsWithGlobals<GlobalOptions>();
  return resolve(state ?? process.env['CERTLINE_STATE'] ?? DEFAULT_STATE);
}

/** Reads the configuration that the command line or the environment names. Throws CONFIG_NOT_FOUND, CONFIG_INVALID. */
export function invocationOf(command: Command): Invocation {
  const options = command.optsWithGlobals<GlobalOptions>();
  const named = options.config ?? process.env['CERTLINE_CONFIG'];
  const config = loadLineConfig(named ?? defaultConfig());
  const inbox = options.inbox ?? process.env['CERTLINE_INBOX'];
  return {
    stateFolder: stateFolderOf(command),
    config: inbox === undefined ? config : { ...config, inbox: resolve(inbox) },
  };
}

/** The one in the working folder, else the one that Certline comes with. */
function defaultConfig(): string {
  const own = join(import.meta.dirname, '..', DEFAULT_CONFIG);
  return existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : own;
}
