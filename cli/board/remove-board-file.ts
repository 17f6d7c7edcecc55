import { removeFile } from '../../smp/files/remove-file.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { BoardOptions } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { boardFileStanding } from './board-file-standing.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { noSuchBoardFile } from './get-file.ts';

const WHAT = 'remove a file from a board';

/** `certline board rm`. Throws `unknown` where there is nothing to remove, `refused` when the answer is no. */
export async function removeBoardFile(
  invocation: Invocation,
  port: string,
  path: string,
  options: BoardOptions & { readonly yes?: boolean },
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  await withBoard(invocation, port, options, async (session) => {
    const { client, credentials, signal } = session;
    const standing = await boardFileStanding(client, path, signal);
    if (standing === 'absent') throw noSuchBoardFile(session.port, path);
    const what = credentials.isCredential(path) ? `${path}, a credential of the board,` : path;
    const size = typeof standing === 'number' ? ` (${standing} bytes)` : '';
    await confirm(WHAT, `Remove ${what}${size} permanently?`, { ...options, signal });
    await removeFile(client, path, { signal });
  });
  if (options.json === true) printJson({ port, path, removed: true });
  else printLine(`${path} is removed.`);
}
