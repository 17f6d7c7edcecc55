import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Issue } from '../../manifests/check/issue.ts';
import { MAX_BYTES } from '../../manifests/intake/copy-manifest.ts';
import { claimIssues, claimsOf } from '../../manifests/intake/manifest-claims.ts';
import { visibleText, withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { expectedName } from '../../manifests/intake/expected-name.ts';
import { ISSUES } from '../../manifests/issue-codes.ts';
import { errnoOf } from '../../disk/errno.ts';
import { CommandError } from '../exit-status.ts';

/** Reads a manifest that is to be submitted. Throws `unknown`, and `manifestRefused` for its name or its size. */
export async function readManifestFile(file: string): Promise<{ name: string; content: Buffer }> {
  const name = basename(file);
  const expected = expectedName(name);
  if (expected !== undefined)
    throw new CommandError(
      'manifestRefused',
      `A manifest cannot have the name ${visibleText(name)}; expected: ${expected}.`,
    );
  return { name, content: await readContent(file) };
}

/**
 * Why the content is not what its name and the files beside it say that it is. Only the content goes to the factory line,
 * as a whole, so what is in other files is compared here.
 */
export async function digestFaults(file: string, content: Uint8Array): Promise<readonly Issue[]> {
  const said = await claimsOf(file);
  if ('early' in said) return [said.early];
  // The line counts the units, and reads the priority.
  const { rows: _rows, priority: _priority, ...claims } = said.claims;
  return claimIssues(claims, { rows: 0, sha256: createHash('sha256').update(content).digest('hex') });
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
