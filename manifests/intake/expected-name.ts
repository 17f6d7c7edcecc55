import { ISSUES } from '../issue-codes.ts';
import { isManifestName, readableName } from './inbox-names.ts';

const WORKBOOK = /\.(?:xls[xmb]?|xlt[xm]?|ods|fods|numbers|gsheet)$/i;
const ARCHIVE = /\.(?:zip|7z|rar|tar|tgz|gz|bz2|xz|zst)$/i;
const SHORTCUT = /\.(?:lnk|url|webloc)$/i;
const OTHER_DIGEST = /\.(?:md5|sha1|sha384|sha512|crc|sfv|asc|sig)(?:\.txt)?$/i;

/** What is expected of a file in the drop folder whose name does not end in `.csv`: by what its ending says it is. */
export function expectedEnding(name: string): string {
  if (WORKBOOK.test(name)) return ISSUES.MANIFEST_NOT_TEXT.expected;
  if (ARCHIVE.test(name)) return 'the CSV file itself: unpack the archive, and drop the file that is in it';
  if (SHORTCUT.test(name)) return 'the file itself, not a link to it';
  if (OTHER_DIGEST.test(name))
    return 'a SHA-256, in a file that has the name of the manifest and .sha256, for example lot7.csv.sha256: no other digest is read';
  const at = name.lastIndexOf('.');
  if (at === -1) return 'a name that ends in .csv: this one has no ending. If it is a CSV file, rename it';
  return `a name that ends in .csv: this one ends in "${name.slice(at)}", which Windows may hide. If it is a CSV file, rename it`;
}

/** Why no command takes a file of this name as a manifest, as what is expected of it; undefined where it does. */
export function expectedName(name: string): string | undefined {
  const readable = readableName(Buffer.from(name));
  if (!readable.isPossible) return readable.expected;
  if (!isManifestName(name))
    return 'a name that neither an answer nor an unfinished file has, and no dot first';
  return isCsvName(name) ? undefined : expectedEnding(name);
}

/** Whether a name ends in `.csv`, in any case, and has something before. */
export function isCsvName(name: string): boolean {
  return /.\.csv$/i.test(name);
}
