import { styleText } from 'node:util';
import type { Tile, TileState } from '../../fixtures/station/tile.ts';
import { padCells, textWidth } from '../terminal/text-width.ts';

/** The sockets of a station, with its name. */
export interface StationTiles {
  readonly station: string;
  readonly sockets: readonly Tile[];
}

/** So wide, tiles stay where they are while their words change. */
const TILE_CELLS = 22;
const INDENT = '  ';

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

/** The tiles of a station beside its name, else below it, as many in a row as there is room for. */
export function stationLines({ station, sockets }: StationTiles, columns: number): string[] {
  const width = Math.max(TILE_CELLS, ...sockets.map((tile) => textWidth(tileText(tile))));
  const tiles = sockets.map((tile) =>
    styleText(FACE[tile.state].style, `[${padCells(tileText(tile), width)}]`),
  );
  const name = styleText('bold', station);
  const single = `${name}${INDENT}${tiles.join(' ')}`;
  if (textWidth(single) <= columns) return [single];
  const inRow = Math.max(1, Math.floor((columns - INDENT.length + 1) / (width + 3)));
  const rows = tiles.flatMap((_tile, at) => (at % inRow === 0 ? [tiles.slice(at, at + inRow)] : []));
  return [name, ...rows.map((row) => INDENT + row.join(' '))];
}

function tileText({ socket, state, serial }: Tile): string {
  return `${socket} ${FACE[state].word} ${serial ?? ''}`.trimEnd();
}
