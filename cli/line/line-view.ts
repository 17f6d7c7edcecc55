import { styleText } from 'node:util';
import type { Tile, TileState } from '../../fixtures/station/tile.ts';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { STEPS } from '../../provisioning/step.ts';
import { bar } from '../terminal/bar.ts';
import { cutCells, padCells } from '../terminal/text-width.ts';

/** What a screen shows of a running batch. */
export interface LineView {
  readonly progress: BatchProgress;
  readonly stations: readonly { readonly station: string; readonly sockets: readonly Tile[] }[];
  readonly elapsedMs: number;
  /** Units that passed since `elapsedMs` began. */
  readonly passedHere: number;
}

const TILE_CELLS = 24;

/** A tile has its own word and colour: a running unit never looks like a failed one. */
const FACE: Record<TileState, { word: string; style: Parameters<typeof styleText>[0] }> = {
  empty: { word: 'LOAD', style: 'dim' },
  silent: { word: 'SILENT', style: 'yellow' },
  probing: { word: 'LOOK', style: 'dim' },
  ready: { word: 'READY', style: 'cyan' },
  busy: { word: 'BUSY', style: 'yellow' },
  pass: { word: 'PASS', style: 'green' },
  fail: { word: 'FAIL', style: ['red', 'bold'] },
  hold: { word: 'HOLD', style: ['magenta', 'bold'] },
  fault: { word: 'FAULT', style: ['red', 'inverse'] },
};

/** The live screen, a line an element. */
export function renderLine(view: LineView): string[] {
  return [
    summaryLine(view),
    benchLine(view),
    '',
    ...view.stations.flatMap(({ station, sockets }) => stationLines(station, sockets)),
    ...attentionLines(view.progress),
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

function summaryLine(view: LineView): string {
  const { progress } = view;
  return `${bar(ended(progress), progress.quantity)}  ${counts(progress)}${speed(view)}`;
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
  return styleText('dim', [...steps, `waiting, signing or registering ${elsewhere}`].join('  '));
}

function stationLines(station: string, sockets: readonly Tile[]): string[] {
  return [`${styleText('bold', station)}  ${sockets.map(tileText).join(' ')}`];
}

function tileText(tile: Tile): string {
  const { word, style } = FACE[tile.state];
  const text = cutCells(`${tile.socket} ${word} ${tile.serial ?? ''}`, TILE_CELLS - 2);
  return styleText(style, `[${padCells(text, TILE_CELLS - 2)}]`);
}

function attentionLines(progress: BatchProgress): string[] {
  if (progress.attention.length === 0) return [];
  const rows = progress.attention.slice(0, 8).map(({ serial, step, code, hint }) => {
    return `  ${serial}  ${code} at ${step}. ${hint}`;
  });
  const rerun = `npm run certline -- batch rerun ${progress.batchId}`;
  return ['', styleText('yellow', `Waiting for a decision. To try again: ${rerun}`), ...rows];
}

function ended({ passed, failed, errors, held }: BatchProgress): number {
  return passed + failed + errors + held;
}
