import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { checkShellPath } from './file-path.ts';
import { exec } from '../shell/exec.ts';
import { runFileCommand } from './shell-file-command.ts';

/** Of CONFIG_SHELL_BACKEND_DUMMY_BUF_SIZE nobody chooses less; the default is 300. */
const SMALLEST_BUFFER_BYTES = 100;

/** One name in a directory of the board. */
export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** What a directory holds; `isWhole` is false when the board's answer was cut at its buffer, or may have been. */
export interface DirectoryListing {
  readonly entries: DirectoryEntry[];
  readonly isWhole: boolean;
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
  const { outcome, output, isTyped } = await runFileCommand(client, 'ls', path, options);
  if (outcome === 'missing') return undefined;
  const lines = output.split('\n').filter((line) => line !== '');
  const endsWhole = output === '' || output.endsWith('\n');
  const isWhole = endsWhole && (isTyped || (await isBelowBuffer(client, output, options)));
  // Zephyr's fs shell marks directories by a slash; a name that was cut is none.
  const names = endsWhole ? lines : lines.slice(0, -1);
  return {
    entries: names.map((name) => ({ name: name.replace(/\/$/, ''), isDirectory: name.endsWith('/') })),
    isWhole,
  };
}

/**
 * Whether the board's buffer for output holds more than that, so that nothing was cut. It does not say how large it is;
 * but it has held as much as the longest thing that it prints, the list of its commands.
 */
async function isBelowBuffer(
  client: SmpClient,
  output: string,
  options: RequestOptions | undefined,
): Promise<boolean> {
  const bytes = printedBytes(output);
  if (bytes < SMALLEST_BUFFER_BYTES) return true;
  const help = await exec(client, ['help'], { ...options, repeatable: true });
  return bytes < printedBytes(help.output);
}

/** As the board printed it: with a carriage return in front of each newline. */
function printedBytes(output: string): number {
  return Buffer.byteLength(output) + output.split('\n').length - 1;
}
