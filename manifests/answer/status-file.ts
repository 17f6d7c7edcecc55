import type { ResultRow } from '../../provisioning/result-row.ts';
import { writeCsvFile } from './csv-file.ts';

/** How a unit stands: it has ended, waits for a decision, or neither. */
export interface UnitStatus extends ResultRow {
  readonly state: 'ended' | 'waits' | 'open';
  /** What the code means for the person at the bench; empty without a code. */
  readonly says: string;
}

const HEADER = [
  'order',
  'batch',
  'serial',
  'product',
  'state',
  'outcome',
  'code',
  'what_to_do',
  'attempts',
  'certificate_serial',
  'board_id',
  'station',
  'socket',
  'finished',
  'decision',
  'reason',
  'decided_by',
];

/** Writes how the units of a batch stand to `path`: a CSV row for each, in the order given. Throws as `writeCsvFile`. */
export async function writeUnitStatuses(
  path: string,
  { batchId, order }: { readonly batchId: string; readonly order: string },
  units: AsyncIterable<UnitStatus>,
): Promise<void> {
  async function* lines(): AsyncGenerator<(string | number)[]> {
    for await (const unit of units) yield [order, batchId, ...cellsOf(unit)];
  }
  await writeCsvFile(path, HEADER, lines());
}

function cellsOf(unit: UnitStatus): (string | number)[] {
  const { serial, product, state, outcome = '', code = '', says, attempts } = unit;
  const { certificateSerial = '', boardId = '', stationId = '', socket = '', finishedAt = '' } = unit;
  const { decision = '', reason = '', decidedBy = '' } = unit;
  const ended = [certificateSerial, boardId, stationId, socket, finishedAt];
  return [serial, product, state, outcome, code, says, attempts, ...ended, decision, reason, decidedBy];
}
