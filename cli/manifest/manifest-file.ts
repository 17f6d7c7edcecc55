import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { MAX_BYTES } from '../../manifests/intake/copy-manifest.ts';
import { visibleText, withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { isManifestName, readableName } from '../../manifests/intake/inbox-names.ts';
import { ISSUES } from '../../manifests/issue-codes.ts';
import { errnoOf } from '../../disk/errno.ts';
import { CommandError } from '../exit-status.ts';

/** Reads a manifest that is to be submitted. Throws `unknown`, and `manifestRefused` for its name or its size. */
export async function readManifestFile(file: string): Promise<{ name: string; content: Buffer }> {
  const name = basename(file);
  if (
    !readableName(Buffer.from(name)).isPossible ||
    !isManifestName(name) ||
    extname(name).toLowerCase() !== '.csv'
  )
    throw new CommandError(
      'manifestRefused',
      `The name ${visibleText(name)} is not possible for a manifest: rename the file, for example to lot-0001.csv.`,
    );
  return { name, content: await readContent(file) };
}

/** The error for a manifest that is not there. */
export function noSuchFile(file: string): CommandError {
  return new CommandError('unknown', `There is no file ${withoutUnseen(file)}: give the path of a manifest.`);
}

async function readContent(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES)
      throw new CommandError(
        'manifestRefused',
        `${file} is too large; expected: ${ISSUES.MANIFEST_TOO_LARGE.expected}.`,
      );
    return await readFile(file);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noSuchFile(file);
    throw new CommandError(
      'unknown',
      `Cannot read ${file} (${code}): give the path of a file that you may read.`,
      { cause: error },
    );
  }
}
