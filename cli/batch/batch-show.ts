import type { BatchProgress } from '../../provisioning/batch.ts';
import { renderLine, renderPlain } from '../line/line-view.ts';
import type { LineView } from '../line/line-view.ts';
import { readStationTiles } from '../line/station-tiles.ts';
import { LiveScreen } from '../terminal/live-screen.ts';
import { columnsOf, printLine } from '../terminal/stdout.ts';

/** Pause between looks, milliseconds: what the eye follows on a screen, what a log needs. */
export const SHOW_PAUSE_MS = process.stdout.isTTY ? 400 : 1_000;

/** Shows a batch again and again: its counts, its rate since the first time, and the sockets of the state folder. */
export function batchShow(stateFolder: string): (progress: BatchProgress) => void {
  const draw = process.stdout.isTTY ? liveScreen() : changedCounts();
  const begin = performance.now();
  let passedBefore: number | undefined;
  return (progress) => {
    passedBefore ??= progress.passed;
    draw({
      progress,
      stations: readStationTiles(stateFolder),
      elapsedMs: performance.now() - begin,
      passedHere: progress.passed - passedBefore,
    });
  };
}

function liveScreen(): (view: LineView) => void {
  const screen = new LiveScreen(process.stdout);
  return (view) => screen.draw(renderLine(view, columnsOf(process.stdout)));
}

/** The rate and the time left change all the time: only counts are news. */
function changedCounts(): (view: LineView) => void {
  let shown = '';
  return (view) => {
    const { passed, failed, errors, held, started, attention, pause } = view.progress;
    const counts = [passed, failed, errors, held, started, attention.length, pause?.decidedAt].join();
    if (counts === shown) return;
    shown = counts;
    printLine(renderPlain(view));
  };
}
