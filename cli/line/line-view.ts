import { styleText } from 'node:util';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { STEPS } from '../../provisioning/step.ts';
import { bar } from '../terminal/bar.ts';
import { beside } from '../terminal/beside.ts';
import { wrapped } from '../terminal/wrap.ts';
import { typed } from '../typed-name.ts';
import { stationLines } from './socket-tiles.ts';
import type { StationTiles } from './socket-tiles.ts';

/** Units that wait are shown up to this number. */
const SHOWN_WAITING = 8;

/** What a screen shows of a running batch. */
export interface LineView {
  readonly progress: BatchProgress;
  readonly stations: readonly StationTiles[];
  readonly elapsedMs: number;
  /** Units that passed since `elapsedMs` began. */
  readonly passedHere: number;
}

/** The live screen, a line an element, for so many columns. */
export function renderLine(view: LineView, columns: number): string[] {
  const { progress, stations } = view;
  return [
    ...summaryLines(view, columns),
    ...wrapped(benchLine(view), columns).map((row) => styleText('dim', row)),
    ...rerunLines(progress, columns),
    '',
    ...stations.flatMap((station) => stationLines(station, columns)),
    ...attentionLines(progress, columns),
  ];
}

/** One line for a log or a pipe. */
export function renderPlain(view: LineView): string {
  const { progress } = view;
  return `${counts(progress)}${speed(view)}`;
}

/** True when nothing moves any more: every unit has ended or waits for a person. */
export function isSettled(progress: BatchProgress): boolean {
  return (
    ended(progress) + progress.attention.length >= (progress.refused ? progress.started : progress.quantity)
  );
}

function summaryLines(view: LineView, columns: number): string[] {
  const { progress } = view;
  return beside(bar(ended(progress), progress.quantity), `${counts(progress)}${speed(view)}`, columns);
}

/** The command stands before what may have no room on the screen. */
function rerunLines({ attention, batchId }: BatchProgress, columns: number): string[] {
  if (attention.length === 0) return [];
  const says = `Waiting for a decision. To try again: ${typed(`batch rerun ${batchId}`)}`;
  return wrapped(says, columns).map((row) => styleText('yellow', row));
}

function counts(progress: BatchProgress): string {
  const { quantity, passed, failed, errors, held, started, attention } = progress;
  const parts = [`${passed}/${quantity} passed`, `${started - ended(progress) - attention.length} under way`];
  if (attention.length > 0) parts.push(`${attention.length} need attention`);
  if (failed > 0) parts.push(`${failed} failed`);
  if (errors > 0) parts.push(`${errors} errors`);
  if (held > 0) parts.push(`${held} on hold`);
  if (progress.pause !== undefined) parts.push('paused');
  return parts.join(' · ');
}

function speed({ progress, elapsedMs, passedHere }: LineView): string {
  if (passedHere === 0) return '';
  const perSecond = (passedHere * 1_000) / elapsedMs;
  const left = Math.ceil((progress.quantity - ended(progress)) / perSecond);
  return ` · ${perSecond.toFixed(1)} units/s${left > 0 ? ` · about ${left} s left` : ''}`;
}

function benchLine({ progress, stations }: LineView): string {
  const atBench = new Map<string, number>();
  for (const tile of stations.flatMap((station) => station.sockets)) {
    if (tile.step) atBench.set(tile.step, (atBench.get(tile.step) ?? 0) + 1);
  }
  const bench = [...atBench.values()].reduce((sum, count) => sum + count, 0);
  const elsewhere = Math.max(0, progress.started - ended(progress) - progress.attention.length - bench);
  const steps = STEPS.filter((step) => atBench.has(step)).map((step) => `${step} ${atBench.get(step)}`);
  return [...steps, `waiting, signing or registering ${elsewhere}`].join(' · ');
}

function attentionLines({ attention }: BatchProgress, columns: number): string[] {
  if (attention.length === 0) return [];
  const shown = attention.slice(0, SHOWN_WAITING);
  const rows = shown.flatMap(({ serial, step, code, hint }) =>
    beside(`  ${serial}`, `${code} at ${step}. ${hint}`, columns),
  );
  const more = attention.length - shown.length;
  return ['', ...rows, ...(more > 0 ? [`  and ${more} more`] : [])];
}

function ended({ passed, failed, errors, held }: BatchProgress): number {
  return passed + failed + errors + held;
}
