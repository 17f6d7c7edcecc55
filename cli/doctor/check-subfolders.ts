import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { isThere } from '../../disk/is-there.ts';
import { answerPaths } from '../../manifests/answer/answers.ts';
import { ARCHIVE } from '../../manifests/answer/archive-folder.ts';
import { visibleText } from '../../manifests/csv/visible-text.ts';
import { inboxFolders } from '../../manifests/intake/inbox-folders.ts';
import { isManifestName } from '../../manifests/intake/inbox-names.ts';
import { warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Manifests that are named; the number of all is said too. */
const MOST_NAMED = 3;

/** ENOENT: it was moved away meanwhile. */
const UNREADABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'ENOENT']);

/** Manifests in folders below the drop folder that no factory line reads: nobody answers them. */
export function checkSubfolders(inbox: string, manufacturers: readonly string[]): Finding | undefined {
  const read = new Set(inboxFolders(inbox, manufacturers));
  const unread = [...read]
    .flatMap((folder) => foldersIn(folder).filter((path) => !read.has(path)))
    .flatMap(unansweredIfReadable)
    .toSorted();
  if (unread.length === 0) return undefined;
  const named = unread.slice(0, MOST_NAMED).map((path) => visibleText(relative(inbox, path)));
  const more = unread.length > MOST_NAMED ? ` and ${unread.length - MOST_NAMED} more` : '';
  return warn(
    'inbox',
    `manifests in folders that no factory line reads: ${named.join(', ')}${more}; move them to ${inbox}, or name the folder in manufacturers`,
  );
}

function foldersIn(folder: string): string[] {
  if (!isThere(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isDirectory() && each.name !== ARCHIVE && !each.name.startsWith('.'))
    .map(({ name }) => join(folder, name));
}

/** A folder that this user may not read, such as `lost+found` of a disk of its own, is not for manifests. */
function unansweredIfReadable(folder: string): string[] {
  try {
    return unansweredIn(folder);
  } catch (error) {
    if (UNREADABLE.has(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

/** Those with an acceptance were moved there by a person, with their answers. */
function unansweredIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isFile() && /\.csv$/i.test(each.name) && isManifestName(each.name))
    .filter(({ name }) => !isThere(answerPaths(folder, name).accepted))
    .map(({ name }) => join(folder, name));
}
