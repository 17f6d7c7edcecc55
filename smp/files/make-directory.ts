import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { checkShellPath, parentOf } from './file-path.ts';
import { runFileCommand } from './shell-file-command.ts';
import { SmpError } from '../smp-error.ts';

/**
 * Makes a directory and, where needed, those above it, through the board's shell; one that exists is success.
 * Rejects with `SMP_UNSUPPORTED`, naming the firmware options to switch on, or `SMP_SHELL_FAILED`.
 */
export async function makeDirectory(
  client: SmpClient,
  path: string,
  options?: RequestOptions,
): Promise<void> {
  checkShellPath(path);
  const { outcome } = await runFileCommand(client, 'mkdir', path, options);
  if (outcome === 'done' || outcome === 'exists') return;
  const parent = parentOf(path);
  // The first name is the mount point: if that is missing there is no file system to make anything in.
  if (parent === undefined || parentOf(parent) === undefined) {
    const sentence = `${client.name}: ${path} cannot be made: no file system is mounted at ${parent ?? path}`;
    throw new SmpError('SMP_SHELL_FAILED', sentence);
  }
  await makeDirectory(client, parent, options);
  const again = await runFileCommand(client, 'mkdir', path, options);
  if (again.outcome !== 'missing') return;
  const sentence = `${client.name}: ${path} cannot be made, although ${parent} was: check the board's file system`;
  throw new SmpError('SMP_SHELL_FAILED', sentence);
}
