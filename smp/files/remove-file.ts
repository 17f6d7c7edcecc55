import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { checkShellPath } from './file-path.ts';
import { runFileCommand } from './shell-file-command.ts';

/**
 * Removes a file (or an empty directory) through the board's shell; one that is not there is success. Rejects with
 * `SMP_UNSUPPORTED` or `SMP_SHELL_FAILED`.
 */
export async function removeFile(client: SmpClient, path: string, options?: RequestOptions): Promise<void> {
  checkShellPath(path);
  await runFileCommand(client, 'rm', path, options);
}
