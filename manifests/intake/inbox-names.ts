import { isAnswerName } from '../answer/answers.ts';

/** Names under which programs keep files that are not finished: copiers, browsers, editors, office lock files. */
const UNFINISHED = /^[.~#]|~$|\.(?:part|partial|tmp|temp|filepart|crdownload|download|swp|lock)$/i;

/** What lies in a folder for other reasons. */
const BYSTANDERS = new Set(['readme.md', 'desktop.ini', 'thumbs.db']);

/** Whether a name in the drop folder stands for a file that somebody is still writing. */
export function isUnfinishedName(name: string): boolean {
  return UNFINISHED.test(name);
}

/** Whether a name in the drop folder is to be answered: whatever is no unfinished file, answer of ours or bystander. */
export function isManifestName(name: string): boolean {
  return !isUnfinishedName(name) && !isAnswerName(name) && !BYSTANDERS.has(name.toLowerCase());
}
