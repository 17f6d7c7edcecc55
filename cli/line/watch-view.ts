import { styleText } from 'node:util';
import { hintOf } from '../../provisioning/failure-table.ts';
import type { ListedUnit } from '../unit/list-units.ts';
import { bar } from '../terminal/bar.ts';
import { beside } from '../terminal/beside.ts';
import { wrapped } from '../terminal/wrap.ts';
import { shownTime } from '../terminal/words.ts';
import type { LineStatus } from './line-status.ts';
import type { OpenBatch } from './open-batches.ts';
import { stationLines } from './socket-tiles.ts';

/** A lot that has ended, as the registry has it. */
export interface EndedLot {
  readonly batchId: string;
  readonly quantity: number;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
  readonly closedAt: string;
}

/** What one look at the line saw. */
export interface Look {
  readonly at: Date;
  readonly status: LineStatus;
  /** Units that wait for a decision. */
  readonly waiting: readonly ListedUnit[];
  /** The lot that ended last; absent before the first, and where there is no registry. */
  readonly last?: EndedLot;
}

/** What `certline watch` shows, a line an element, for so many columns: lots, sockets, and what somebody must do. */
export function watchLines({ at, status, waiting, last }: Look, columns: number): string[] {
  const { batches, stations, needs } = status;
  return [
    ...wrapped(`${styleText('bold', 'Certline')}  ${shownTime(at.toISOString())}`, columns),
    '',
    ...lotLines(batches, columns),
    ...(last === undefined ? [] : lastLines(last, columns)),
    ...stations.flatMap((station) => ['', ...stationLines(station, columns)]),
    ...(waiting.length === 0 ? [] : ['', ...waiting.flatMap((unit) => waitingLines(unit, columns))]),
    '',
    ...(needs.length === 0
      ? ['Nothing needs a person.']
      : needs.flatMap((need) => beside('!', need, columns, ' '))),
  ];
}

function lotLines(batches: LineStatus['batches'], columns: number): string[] {
  if ('trouble' in batches) return wrapped(`The open lots are not known: ${batches.trouble}`, columns);
  if ('elsewhere' in batches)
    return wrapped(`The open lots are not known here: ${batches.elsewhere}`, columns);
  if (batches.open.length === 0) return ['No lot is open.'];
  return batches.open.flatMap((batch) => [
    styleText('bold', batch.batchId),
    ...('quantity' in batch ? countLines(batch as OpenBatch, columns) : ['  no orchestrator answers for it']),
  ]);
}

function countLines({ quantity, attention, open, ...ends }: OpenBatch, columns: number): string[] {
  const { passed, failed, errors, held } = ends;
  const ended = passed + failed + errors + held;
  const waits = attention === 0 ? '' : ` · ${attention} waiting for a decision`;
  return beside(`  ${bar(ended, quantity)}`, `${countsOf(ends, quantity)}${waits} · ${open} open`, columns);
}

function countsOf(
  { passed, failed, errors, held }: Omit<EndedLot, 'batchId' | 'closedAt' | 'quantity'>,
  of: number,
): string {
  const others = [
    [failed, 'failed'],
    [errors, 'errors'],
    [held, 'on hold'],
  ] as const;
  const said = others.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return [`${passed}/${of} passed`, ...said].join(' · ');
}

function lastLines({ batchId, closedAt, quantity, ...ends }: EndedLot, columns: number): string[] {
  return beside('Ended last:', `${batchId} ${shownTime(closedAt)}, ${countsOf(ends, quantity)}`, columns);
}

function waitingLines(unit: ListedUnit, columns: number): string[] {
  const { serial, code, step, command } = unit;
  const hint = hintOf(code);
  const says = `${code} at ${step}. ${hint === undefined ? '' : `${hint} `}Then: ${command}`;
  return beside(styleText(['yellow', 'bold'], serial), says, columns);
}
