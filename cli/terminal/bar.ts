import { styleText } from 'node:util';

const BAR_CELLS = 30;

/** A bar of 30 cells, of which the first `done` of `total` are filled; of nothing, all of it is done. */
export function bar(done: number, total: number): string {
  const cells = total === 0 ? BAR_CELLS : Math.round((done / total) * BAR_CELLS);
  return '█'.repeat(cells) + styleText('dim', '░'.repeat(BAR_CELLS - cells));
}
