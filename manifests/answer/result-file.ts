import type { FileHandle } from 'node:fs/promises';
import type { ResultRow } from '../../provisioning/result-row.ts';
import { csvLine } from '../csv/csv-text.ts';
import { isSystemError } from '../../disk/errno.ts';
import { ManifestError } from '../manifest-error.ts';
import { writeWhole } from '../../disk/write-whole.ts';

const HEADER = [
  'serial',
  'product',
  'outcome',
  'code',
  'certificate_serial',
  'certificate_sha256',
  'board_id',
  'station',
  'socket',
  'attempts',
  'started',
  'finished',
  'seconds',
  'decision',
  'reason',
  'decided_by',
  'result_version',
];

/** Rows put together for one write. */
const PAGE_ROWS = 500;

/**
 * Writes the result of a batch to `path`: a CSV row for each unit, in the order given. It streams, so memory does not
 * grow with the number of units. `version`, from 1, rises with each result of the batch. It is atomic, so a reader never sees half of it. Returns the number of units. Throws
 * MANIFEST_ANSWER_FAILED, and what reading the rows throws.
 */
export async function writeResultFile(
  path: string,
  rows: AsyncIterable<ResultRow>,
  version: number,
): Promise<number> {
  let count = 0;
  try {
    await writeWhole(path, 0o644, async (file) => {
      count = await writeRows(file, rows, version);
    });
  } catch (error) {
    // An error of reading the rows is not about the file.
    throw isSystemError(error)
      ? new ManifestError('MANIFEST_ANSWER_FAILED', 'write the result', path, error)
      : error;
  }
  return count;
}

async function writeRows(file: FileHandle, rows: AsyncIterable<ResultRow>, version: number): Promise<number> {
  let count = 0;
  let page = csvLine(HEADER);
  for await (const row of rows) {
    page += resultLine(row, version);
    count += 1;
    if (count % PAGE_ROWS !== 0) continue;
    await file.writeFile(page);
    page = '';
  }
  await file.writeFile(page);
  return count;
}

function resultLine(row: ResultRow, version: number): string {
  const { serial, product, outcome, code, certificateSerial, certificateSha256, boardId, stationId, socket } =
    row;
  const texts = [
    serial,
    product,
    outcome,
    code,
    certificateSerial,
    certificateSha256,
    boardId,
    stationId,
    socket,
  ];
  return csvLine([
    ...texts.map((text) => text ?? ''),
    row.attempts,
    row.startedAt ?? '',
    row.finishedAt ?? '',
    row.seconds?.toFixed(1) ?? '',
    row.decision ?? '',
    row.reason ?? '',
    row.decidedBy ?? '',
    version,
  ]);
}
