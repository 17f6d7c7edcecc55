import { errnoOf } from '../disk/errno.ts';
import { withoutUnseen } from '../manifests/csv/visible-text.ts';
import { CommandError } from './exit-status.ts';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'the folder does not exist: create it, or give another path',
  ENOTDIR: 'a part of the path is no folder: give another path',
  EISDIR: 'it is a folder: give the path of a file',
  ENOTEMPTY: 'it is a folder: give the path of a file',
  EACCES: 'permission denied: give another path, or the permission to the user of this command',
  EPERM: 'permission denied: give another path, or the permission to the user of this command',
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk is full: free some space',
  EROFS: 'the disk is read-only: give another path',
  ENAMETOOLONG: 'the name is too long: give a shorter one',
};

/** Writes a file that a person named. Throws `disk` where it cannot be written, and what else `write` throws. */
export async function makeFile(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const remedy = REMEDIES[errnoOf(error) ?? ''];
    if (remedy === undefined) throw error;
    throw new CommandError('disk', `Cannot write ${withoutUnseen(path)}: ${remedy}.`, { cause: error });
  }
}
