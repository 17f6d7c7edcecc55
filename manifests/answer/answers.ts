import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { csvCells, isQuotedRight } from '../csv/csv-cells.ts';
import { BYTE_ORDER_MARK, csvLine } from '../csv/csv-text.ts';
import { ISSUES } from '../issue-codes.ts';
import { issue } from '../check/issue.ts';
import { ManifestError } from '../manifest-error.ts';
import type { Accepted, Rejected, Verdict } from '../check/verdict.ts';
import { writeWhole } from '../../disk/write-whole.ts';

/** The state of a file when it was answered: as long as it is the same, the answer is still right. */
export interface AnsweredFile {
  readonly name: string;
  readonly bytes: number;
  /** Last change, ISO 8601 with milliseconds. */
  readonly modified: string;
  /** Hex; empty when the file could not be read. */
  readonly sha256: string;
}

const HEADER = [
  'line',
  'column',
  'value',
  'means',
  'expected',
  'code',
  'file_bytes',
  'file_modified',
  'file_sha256',
];

/** Enough for the first two rows of any rejection: three cells of 80 shown characters, at most 10 bytes each. */
const HEAD_BYTES = 8_192;

/** Paths of the files that answer the manifest `name` in `folder`: its name without `.csv`, and what they are. */
export function answerPaths(folder: string, name: string): { accepted: string; rejected: string } {
  const stem = join(folder, stemOf(name));
  return {
    accepted: `${stem}.accepted.json`,
    rejected: `${stem}.rejected.csv`,
  };
}

/** The answers of `lot7` and `lot7.csv` must not have the same names. */
export function stemOf(name: string): string {
  if (name.endsWith('.csv')) return name.slice(0, -'.csv'.length);
  return name.includes('.') ? name : `${name}.file`;
}

/** Where a second manifest of the same name is accepted: an acceptance stays what it was. */
function laterAcceptance(folder: string, { name, sha256 }: Pick<AnsweredFile, 'name' | 'sha256'>): string {
  return join(folder, `${stemOf(name)}.${sha256.slice(0, 8)}.accepted.json`);
}

/** Whether a file name is the name of an answer. */
export function isAnswerName(name: string): boolean {
  return /\.(?:accepted\.json|rejected\.csv|result(?:\.[\w-]+)*\.csv|status(?:\.[\w-]+)*\.(?:json|csv)|report(?:\.[\w-]+)*\.html)$/i.test(
    name,
  );
}

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
  const other = await readAcceptance(first).catch(noAnswer);
  return other === undefined || other.sha256 === file.sha256 ? first : laterAcceptance(folder, file);
}

/** The files that the answers beside `name` are about, each with its answer: one for each content it has had. */
export async function readAnsweredFiles(
  folder: string,
  name: string,
): Promise<readonly (AnsweredFile & { readonly answer: string })[]> {
  const { accepted, rejected } = answerPaths(folder, name);
  const begin = `${stemOf(name)}.`;
  const isLater = (other: string): boolean =>
    other.startsWith(begin) && /^[0-9a-f]{8}\.accepted\.json$/.test(other.slice(begin.length));
  const first = await Promise.all([answered(accepted, readAcceptance), answered(rejected, readRejection)]);
  if (first[0] === undefined) return first.filter((file) => file !== undefined);
  const names = (await readdir(folder).catch(() => [])).filter(isLater);
  const others = await Promise.all(names.map((other) => answered(join(folder, other), readAcceptance)));
  return [...first, ...others].filter((file) => file !== undefined);
}

async function answered(
  answer: string,
  read: (path: string) => Promise<AnsweredFile | undefined>,
): Promise<(AnsweredFile & { readonly answer: string }) | undefined> {
  const file = await read(answer).catch(noAnswer);
  return file && { ...file, answer };
}

/** The path of the answer beside a file that is about just these bytes at this time; undefined when there is none. */
export async function answerOf(
  folder: string,
  { name, bytes, modified, sha256 }: AnsweredFile,
): Promise<string | undefined> {
  const files = await readAnsweredFiles(folder, name);
  const found = files.find(
    (file) => file.bytes === bytes && file.modified === modified && file.sha256 === sha256,
  );
  return found?.answer;
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
  return [BYTE_ORDER_MARK, csvLine(HEADER), ...lines].join('');
}

async function readAcceptance(path: string): Promise<AnsweredFile | undefined> {
  const answer: unknown = JSON.parse(await readHead(path));
  return isObject(answer) && isAnsweredFile(answer['file']) ? answer['file'] : undefined;
}

async function readRejection(path: string): Promise<AnsweredFile | undefined> {
  const [header, first] = (await readHead(path)).split('\r\n');
  if (`${header}\r\n` !== BYTE_ORDER_MARK + csvLine(HEADER) || first === undefined || !isQuotedRight(first))
    return undefined;
  const [bytes, modified, sha256] = csvCells([first])[0]?.slice(-3) ?? [];
  return { name: '', bytes: Number(bytes), modified: modified ?? '', sha256: sha256 ?? '' };
}

async function readHead(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A file that is not a readable answer is no answer: the manifest is validated again, which does no harm. */
function noAnswer(): undefined {
  return undefined;
}

function isAnsweredFile(value: unknown): value is AnsweredFile {
  if (!isObject(value)) return false;
  const { bytes, modified, sha256 } = value;
  return typeof bytes === 'number' && typeof modified === 'string' && typeof sha256 === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
