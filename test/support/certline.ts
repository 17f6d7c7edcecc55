import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { runInHost } from './command-hosts.ts';

// A process takes seconds to start where all processors are busy.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const CLI = join(ROOT, 'cli', 'certline.ts');

/** What a command left behind when it ended. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place of its own for commands: state folder, inbox and configuration, gone when the test is finished. */
export interface Place {
  readonly folder: string;
  readonly state: string;
  readonly inbox: string;
  /** What commands of this place are run with. */
  readonly environment: NodeJS.ProcessEnv;
  /** Runs a command and waits for its end. Its process is not its own: see `command-hosts.ts`. */
  certline(...args: string[]): Promise<Ended>;
  /** Starts the real program, in a process of its own. */
  start(args: readonly string[], stdio: StdioOptions): ChildProcess;
  configure(config: object): void;
}

export const PRODUCT = { name: 'golioth-node', organization: 'certline-test' };

/** A new place; `environment`, as it then is, is added to that of commands, which otherwise knows no Temporal server. */
export function newPlace(environment: Readonly<Record<string, string>> = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), 'certline-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [state, inbox, config] = ['state', 'inbox', 'certline.json'].map((name) => join(folder, name));
  const env = (): NodeJS.ProcessEnv => ({
    ...withoutSettings(process.env),
    CERTLINE_STATE: state!,
    CERTLINE_CONFIG: config!,
    ...environment,
  });
  const configure = (value: object): void => writeFileSync(config!, JSON.stringify(value));
  mkdirSync(state!);
  configure({ inbox, products: [PRODUCT] });
  return {
    folder,
    state: state!,
    inbox: inbox!,
    environment: env(),
    certline: (...args) => runInHost({ args, env: env() }),
    start: (args, stdio) => spawn(NODE, [CLI, ...args], { env: env(), stdio, cwd: ROOT }),
    configure,
  };
}

/** What stands on standard output, as the one JSON document that it must be. */
export function json({ stdout }: Ended): unknown {
  return JSON.parse(stdout);
}

/** The tests' runner colours its output and may itself be set to a server. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(TEMPORAL_|CERTLINE_|FORCE_COLOR|NO_COLOR)/.test(name)),
  );
}
