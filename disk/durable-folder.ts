import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoOf } from './errno.ts';
import { makeFolder } from './make-folder.ts';
import { createFileSync, renameDurablySync, syncFolderSync } from './write-whole.ts';

/**
 * Makes a folder of mode 0700 with these files of mode 0600, all of it or nothing: everything is written and synced in
 * a folder beside it, which is then renamed into place. What an earlier, killed attempt left beside it is removed.
 * Throws the file system's error; ENOTEMPTY or EEXIST when the folder is there already and not empty.
 */
export function createDurableFolder(directory: string, files: Readonly<Record<string, string>>): void {
  const target = resolve(directory);
  const parent = dirname(target);
  makeFolder(parent, 0o700);
  removeUnfinished(parent, basename(target));
  const unfinished = mkdtempSync(join(parent, unfinishedPrefix(basename(target))));
  try {
    for (const [name, content] of Object.entries(files))
      createFileSync(join(unfinished, name), 0o600, content);
    syncFolderSync(unfinished);
    renameDurablySync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

function unfinishedPrefix(name: string): string {
  return `.${name}.unfinished-${process.pid}-`;
}

/** Removes what processes that have ended left behind. */
function removeUnfinished(parent: string, name: string): void {
  for (const entry of readdirSync(parent)) {
    if (!entry.startsWith(`.${name}.unfinished-`)) continue;
    const pid = Number(entry.slice(`.${name}.unfinished-`.length).split('-')[0]);
    if (!isAlive(pid)) rmSync(join(parent, entry), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
