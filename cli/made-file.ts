import { errnoOf } from '../disk/errno.ts';
import { withoutUnseen } from '../manifests/csv/visible-text.ts';
import { CommandError } from './exit-status.ts';

/** What the path of a new file alone explains; all else that the disk says has its remedy where errors are reported. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist: create it, or give another path',
  EISDIR: 'it is a folder: give the path of a file',
  ENOTEMPTY: 'it is a folder: give the path of a file',
};

/** Writes a file that a person named. Throws `disk` where its path cannot be that of a new file, and what else `write` throws. */
export async function makeFile(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const remedy = REMEDIES[errnoOf(error) ?? ''];
    if (remedy === undefined) throw error;
    throw new CommandError('disk', `Cannot write ${withoutUnseen(path)}: ${remedy}.`, { cause: error });
  }
}
