import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDroppedFile } from '../../disk/open-dropped-file.ts';
import { csvCells, isQuotedRight } from '../csv/csv-cells.ts';
import { BYTE_ORDER_MARK, csvLine } from '../csv/csv-text.ts';

/** The state of a file when it was answered: as long as it is the same, the answer is still right. */
export interface AnsweredFile {
  readonly name: string;
  readonly bytes: number;
  /** Last change, ISO 8601 with milliseconds. */
  readonly modified: string;
  /** Hex; empty when the file could not be read. */
  readonly sha256: string;
}

/** An answer in the folder, and the file that it is about. */
export interface FoundAnswer extends AnsweredFile {
  /** Its path. */
  readonly answer: string;
  /** When it was written, by the clock of the disk; nanoseconds since 1970. */
  readonly writtenNs: bigint;
}

/** A manifest that was accepted; `batchId` is absent where the file does not say it. */
export interface FoundAcceptance extends FoundAnswer {
  readonly batchId?: string;
  /** Its content had been accepted before, under another name. */
  readonly isDuplicate: boolean;
}

/** A file in the folder as it is now. */
export interface FileNow extends Pick<AnsweredFile, 'bytes' | 'modified'> {
  /** When anything about it changed last, also its name, by the clock of the disk; nanoseconds since 1970. */
  readonly changedNs: bigint;
}

/** The columns of a rejection. */
export const REJECTION_HEADER = [
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
const REJECTION_HEAD_BYTES = 8_192;

/** An acceptance may name thousands of batches that it continues; a longer file is none. */
const ACCEPTANCE_BYTES = 1_000_000;

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
export function laterAcceptance(
  folder: string,
  { name, sha256 }: Pick<AnsweredFile, 'name' | 'sha256'>,
): string {
  return join(folder, `${stemOf(name)}.${sha256.slice(0, 8)}.accepted.json`);
}

/** Whether a file name is the name of an answer. */
export function isAnswerName(name: string): boolean {
  return /\.(?:accepted\.json|rejected\.csv|result(?:\.[\w-]+)*\.csv|status(?:\.[\w-]+)*\.(?:json|csv)|report(?:\.[\w-]+)*\.html)$/i.test(
    name,
  );
}

/** The answers to the manifest `name`: one for each content it has had. */
export async function readAnsweredFiles(folder: string, name: string): Promise<readonly FoundAnswer[]> {
  const { accepted, rejected } = answerPaths(folder, name);
  const [first, refused] = await Promise.all([readAcceptance(accepted), readRejection(rejected)]);
  if (first === undefined) return refused === undefined ? [] : [refused];
  const names = (await readdir(folder).catch(() => [])).filter((other) => isLater(other, name));
  const others = await Promise.all(names.map((other) => readAcceptance(join(folder, other))));
  return [first, refused, ...others.filter((other) => other?.name === name)].filter(
    (found) => found !== undefined,
  );
}

/** Whether this may be the name of a later acceptance of the manifest `name`: that of another manifest may look the same. */
function isLater(other: string, name: string): boolean {
  const begin = `${stemOf(name)}.`;
  return other.startsWith(begin) && /^[0-9a-f]{8}\.accepted\.json$/.test(other.slice(begin.length));
}

/**
 * Whether an answer is about the file as it is now. A file that was changed, renamed or put there later than the answer was
 * written is not the one that was answered, even if its size and its time of change are the same.
 */
export function isAbout(found: FoundAnswer, { bytes, modified, changedNs }: FileNow): boolean {
  // A file that could not be read may be readable now.
  return (
    found.sha256 !== '' &&
    found.bytes === bytes &&
    found.modified === modified &&
    found.writtenNs >= changedNs
  );
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

/** The acceptance at `path`; undefined where it is not readable. */
export async function readAcceptance(path: string): Promise<FoundAcceptance | undefined> {
  try {
    const { text, writtenNs } = await readBegin(path, ACCEPTANCE_BYTES);
    const said: unknown = JSON.parse(text);
    if (!isObject(said) || !isAnsweredFile(said['file'])) return undefined;
    const { batch, status, file } = said;
    return {
      ...file,
      answer: path,
      writtenNs,
      isDuplicate: status === 'accepted before',
      ...(typeof batch === 'string' && { batchId: batch }),
    };
  } catch {
    return noAnswer();
  }
}

async function readRejection(path: string): Promise<FoundAnswer | undefined> {
  try {
    const { text, writtenNs } = await readBegin(path, REJECTION_HEAD_BYTES);
    const [header, first] = text.split('\r\n');
    if (`${header}\r\n` !== BYTE_ORDER_MARK + csvLine(REJECTION_HEADER)) return undefined;
    if (first === undefined || !isQuotedRight(first)) return undefined;
    const [bytes, modified, sha256] = csvCells([first])[0]?.slice(-3) ?? [];
    const file = { name: '', bytes: Number(bytes), modified: modified ?? '', sha256: sha256 ?? '' };
    return { ...file, answer: path, writtenNs };
  } catch {
    return noAnswer();
  }
}

/** The first bytes of an answer, and when it was written. */
async function readBegin(path: string, most: number): Promise<{ text: string; writtenNs: bigint }> {
  const file = await openDroppedFile(path);
  try {
    const { size, mtimeNs } = await file.stat({ bigint: true });
    const length = Math.min(Number(size), most);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), writtenNs: mtimeNs };
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
  const { name, bytes, modified, sha256 } = value;
  return (
    typeof name === 'string' &&
    typeof bytes === 'number' &&
    typeof modified === 'string' &&
    typeof sha256 === 'string'
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
