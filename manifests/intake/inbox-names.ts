import { isAnswerName } from '../answer/answers.ts';

/** Names under which programs keep files that are not finished: copiers, browsers, editors, office lock files. */
const UNFINISHED = /^[.~#]|~$|\.(?:part|partial|tmp|temp|filepart|crdownload|download|swp|lock)$/i;

/** Files that are in a folder for other reasons. */
const BYSTANDERS = new Set(['readme.md', 'desktop.ini', 'thumbs.db']);

/** Whether a name in the drop folder is that of a file that somebody is still writing. */
export function isUnfinishedName(name: string): boolean {
  return UNFINISHED.test(name);
}

/** Whether a file of this name gets an answer: it is not unfinished, not an answer, and not one of `BYSTANDERS`. */
export function isManifestName(name: string): boolean {
  return !isUnfinishedName(name) && !isAnswerName(name) && !BYSTANDERS.has(name.toLowerCase());
}
