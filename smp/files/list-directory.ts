import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { checkShellPath } from './file-path.ts';
import { runFileCommand } from './shell-file-command.ts';

/** One name in a directory of the board. */
export interface DirectoryEntry {
  name: string;
  isDirectory: boolean;
}

/** What a directory holds; `isWhole` is false when the board's answer was cut at its buffer. */
export interface DirectoryListing {
  entries: DirectoryEntry[];
  isWhole: boolean;
}

/**
 * Lists a directory through the board's shell; `undefined` when it is not there. Rejects with `SMP_UNSUPPORTED` or
 * `SMP_SHELL_FAILED`.
 */
export async function listDirectory(
  client: SmpClient,
  path: string,
  options?: RequestOptions,
): Promise<DirectoryListing | undefined> {
  checkShellPath(path);
  const { outcome, output } = await runFileCommand(client, 'ls', path, options);
  if (outcome === 'missing') return undefined;
  const lines = output.split('\n').filter((line) => line !== '');
  const isWhole = output === '' || output.endsWith('\n');
  // Zephyr's fs shell marks directories by a slash; a name that was cut is none.
  const names = isWhole ? lines : lines.slice(0, -1);
  return {
    entries: names.map((name) => ({ name: name.replace(/\/$/, ''), isDirectory: name.endsWith('/') })),
    isWhole,
  };
}
