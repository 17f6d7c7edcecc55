import type { ResultRow } from '../../provisioning/result-row.ts';
import { writeCsvFile } from './csv-file.ts';

const HEADER = [
  'order',
  'batch',
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

/** What is the same in every row of a result. */
export interface ResultOf {
  readonly batchId: string;
  readonly order: string;
  /** Names of the attributes, each of which gets a column. */
  readonly attributes: readonly string[];
  /** From 1; rises with each writing of the result beside the manifest. A copy has that of the last one, 0 without one. */
  readonly version: number;
}

/**
 * Writes the result of a batch to `path`: a CSV row for each unit, in the order given. Returns the number of units. Throws as
 * `writeCsvFile`.
 */
export async function writeResultFile(
  path: string,
  of: ResultOf,
  rows: AsyncIterable<ResultRow>,
): Promise<number> {
  async function* lines(): AsyncGenerator<(string | number)[]> {
    for await (const row of rows) yield cellsOf(of, row);
  }
  return await writeCsvFile(path, [...HEADER, ...of.attributes.map((name) => `attr.${name}`)], lines());
}

function cellsOf({ order, batchId, attributes, version }: ResultOf, row: ResultRow): (string | number)[] {
  const { serial, product, outcome, code, certificateSerial, certificateSha256, boardId, stationId, socket } =
    row;
  const texts = [
    order,
    batchId,
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
  return [
    ...texts.map((text) => text ?? ''),
    row.attempts,
    row.startedAt ?? '',
    row.finishedAt ?? '',
    row.seconds?.toFixed(1) ?? '',
    row.decision ?? '',
    row.reason ?? '',
    row.decidedBy ?? '',
    version,
    ...attributes.map((name) => row.attrs[name] ?? ''),
  ];
}
