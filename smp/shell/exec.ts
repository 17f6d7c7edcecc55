import type { SmpClient } from '../client/client.ts';
import type { RequestOptions } from '../client/ask-until-answered.ts';
import { SHELL_EXEC, SHELL_EXEC_REPEATABLE } from '../requests/shell-requests.ts';
import type { ShellResult } from '../requests/shell-requests.ts';

/**
 * Runs a shell command on the board, through the shell group. Words must not hold blanks: the board joins them and
 * knows no quoting. `repeatable`: it may run twice without harm, and is sent again when nobody answers.
 */
export async function exec(
  client: SmpClient,
  argv: readonly string[],
  options: RequestOptions & { readonly repeatable?: boolean } = {},
): Promise<ShellResult> {
  const request = options.repeatable === true ? SHELL_EXEC_REPEATABLE : SHELL_EXEC;
  return await client.request(request, { argv }, options);
}
