import { rm } from 'node:fs/promises';
import { writeWhole } from '../../disk/write-whole.ts';
import { issue } from '../check/issue.ts';
import type { Accepted, Rejected, Verdict } from '../check/verdict.ts';
import { BYTE_ORDER_MARK, csvLine } from '../csv/csv-text.ts';
import { ISSUES } from '../issue-codes.ts';
import { ManifestError } from '../manifest-error.ts';
import { answerPaths, laterAcceptance, readAcceptance, REJECTION_HEADER } from './answers.ts';
import type { AnsweredFile } from './answers.ts';

/**
 * Writes the verdict beside the manifest, as `NAME.accepted.json` or `NAME.rejected.csv`. An acceptance of another
 * content is never removed or replaced: a later one has its digest in its name. Returns the path. Throws
 * MANIFEST_ANSWER_FAILED; there is never half an answer.
 */
export async function writeAnswer(folder: string, file: AnsweredFile, verdict: Verdict): Promise<string> {
  const { accepted, rejected } = answerPaths(folder, file.name);
  const path = verdict.status === 'rejected' ? rejected : await acceptedPath(folder, file, accepted);
  const text = verdict.status === 'rejected' ? rejection(file, verdict) : acceptance(file, verdict);
  try {
    await writeWhole(path, 0o644, text);
    if (verdict.status === 'accepted') await rm(rejected, { force: true });
  } catch (error) {
    throw new ManifestError('MANIFEST_ANSWER_FAILED', 'write the answer', path, error);
  }
  return path;
}

async function acceptedPath(folder: string, file: AnsweredFile, first: string): Promise<string> {
  const other = await readAcceptance(first);
  return other === undefined || other.sha256 === file.sha256 ? first : laterAcceptance(folder, file);
}

function acceptance(file: AnsweredFile, verdict: Accepted): string {
  const { batchId, order, rows, importedAt, understood = [], warnings = [], duplicateOf } = verdict;
  const status = duplicateOf === undefined ? 'accepted' : 'accepted before';
  const batch = {
    status,
    batch: batchId,
    order,
    rows,
    importedAt,
    ...(verdict.continues && { continues: verdict.continues }),
    ...(understood.length > 0 && { understood }),
    ...(warnings.length > 0 && { warnings }),
    ...(verdict.result !== undefined && { result: verdict.result }),
    ...(duplicateOf && { firstManifest: duplicateOf }),
  };
  const { name, bytes, modified, sha256 } = file;
  return `${JSON.stringify({ ...batch, file: { name, bytes, modified, sha256 } }, undefined, 2)}\n`;
}

function rejection(file: AnsweredFile, { issues, omitted }: Rejected): string {
  const rest = issue('MANIFEST_MORE', { value: `${omitted} more` });
  const listed = omitted === 0 ? issues : [...issues, rest];
  const about = file.sha256 === '' ? ['', '', ''] : [file.bytes, file.modified, file.sha256];
  const lines = listed.map((found) =>
    csvLine([
      found.line === 0 ? '' : found.line,
      found.column,
      found.value,
      ISSUES[found.code].means,
      found.expected,
      found.code,
      ...about,
    ]),
  );
  return [BYTE_ORDER_MARK, csvLine(REJECTION_HEADER), ...lines].join('');
}
