import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { isAnswerName } from '../answer/answers.ts';
import { unseenRemedy } from '../check/foreign-character.ts';

/** Names under which programs keep files that are not finished: copiers, browsers, editors, office lock files. */
const UNFINISHED = /^\.|^~\$|^#.*#$|~$|\.(?:part|partial|tmp|temp|filepart|crdownload|download|swp|lock)$/i;

/** Files that are in a folder for other reasons. */
const BYSTANDERS = new Set(['readme.md', 'desktop.ini', 'thumbs.db']);

/** The digest of a manifest, as `sha256sum` writes it; some people leave out `.csv`, and editors of Windows add `.txt`. */
const SIDECAR = /^(.+?)(?:\.csv)?\.sha256(?:sum)?(?:\.txt)?$/i;

/** Leaves room for the endings of all answers in the 255 bytes that file systems allow. */
const MAX_NAME_BYTES = 200;

/** The name of a file as text. */
export type ReadableName = { readonly text: string; readonly isPossible: true } | ImpossibleName;

/** `text` is another name, which stands for this one alone. */
export interface ImpossibleName {
  readonly text: string;
  readonly isPossible: false;
  /** The name as far as it is text, with what cannot be seen. */
  readonly value: string;
  /** What is expected instead. */
  readonly expected: string;
}

/** Whether a name in the drop folder is that of a file that somebody is still writing. */
export function isUnfinishedName(name: string): boolean {
  return UNFINISHED.test(name);
}

/** Whether a file of this name gets an answer: it is not unfinished, not an answer, and not one of `BYSTANDERS`. */
export function isManifestName(name: string): boolean {
  const isOther = isUnfinishedName(name) || isAnswerName(name) || SIDECAR.test(name);
  return !isOther && !BYSTANDERS.has(name.toLowerCase());
}

/** The name of the manifest whose digest a file of this name says, in lower case; undefined where it is not called so. */
export function manifestOfSidecar(name: string): string | undefined {
  return exactManifest(name)?.toLowerCase();
}

/** Whether a file says the digest of `manifest`, and of no other manifest in the folder, which has `names`. */
export function isSidecarOf(name: string, manifest: string, names: readonly string[]): boolean {
  const exact = exactManifest(name);
  if (exact?.toLowerCase() !== manifest.toLowerCase()) return false;
  return exact === manifest || !names.includes(exact);
}

/** The name of a file as text. `isPossible`: an answer can be written beside it, and a terminal can show it. */
export function readableName(raw: Buffer): ReadableName {
  const text = raw.toString();
  const expected = nameRemedy(raw, text);
  if (expected === undefined) return { text, isPossible: true };
  const plain = raw
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '_')
    .slice(0, 80);
  const digest = createHash('sha256').update(raw).digest('hex').slice(0, 8);
  const standIn = `${plain.replace(/\.csv$/i, '')}.${digest}.csv`;
  return { text: standIn, isPossible: false, value: text, expected };
}

/** Undefined where the name is possible. */
function nameRemedy(raw: Buffer, text: string): string | undefined {
  if (!isUtf8(raw)) return 'a name in UTF-8: give the file another name, of plain letters and digits';
  if (raw.length > MAX_NAME_BYTES)
    return `a name of at most ${MAX_NAME_BYTES} bytes: this one has ${raw.length}, so give the file a shorter one`;
  return unseenRemedy(text);
}

/** The manifest whose digest a file says, in the case of the file's name. */
function exactManifest(name: string): string | undefined {
  const stem = SIDECAR.exec(name)?.[1];
  if (stem === undefined) return undefined;
  const ending = /\.csv(?=\.sha256)/i.exec(name.slice(stem.length))?.[0] ?? '.csv';
  return stem + ending;
}
