import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { isAnswerName } from '../answer/answers.ts';

/** Names under which programs keep files that are not finished: copiers, browsers, editors, office lock files. */
const UNFINISHED = /^\.|^~\$|^#.*#$|~$|\.(?:part|partial|tmp|temp|filepart|crdownload|download|swp|lock)$/i;

/** Files that are in a folder for other reasons. */
const BYSTANDERS = new Set(['readme.md', 'desktop.ini', 'thumbs.db']);

/** The digest of a manifest, as `sha256sum` writes it. */
const SIDECAR = /\.csv\.sha256$/i;

/** Leaves room for the endings of all answers in the 255 bytes that file systems allow. */
const MAX_NAME_BYTES = 200;

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
  return SIDECAR.test(name) ? name.slice(0, -'.sha256'.length).toLowerCase() : undefined;
}

/** Whether a file says the digest of `manifest`, and of no other manifest in the folder, which has `names`. */
export function isSidecarOf(name: string, manifest: string, names: readonly string[]): boolean {
  if (manifestOfSidecar(name) !== manifest.toLowerCase()) return false;
  const exact = name.slice(0, -'.sha256'.length);
  return exact === manifest || !names.includes(exact);
}

/**
 * The name of a file as text. `isPossible`: an answer can be written beside it, and a terminal can show it; else `text` is
 * another name, which stands for this one alone.
 */
export function readableName(raw: Buffer): { readonly text: string; readonly isPossible: boolean } {
  const text = raw.toString();
  const isShort = raw.length <= MAX_NAME_BYTES;
  if (isUtf8(raw) && isShort && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return { text, isPossible: true };
  const plain = raw
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '_')
    .slice(0, 80);
  const digest = createHash('sha256').update(raw).digest('hex').slice(0, 8);
  return { text: `${plain.replace(/\.csv$/i, '')}.${digest}.csv`, isPossible: false };
}
