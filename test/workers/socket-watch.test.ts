import { describe, expect, it } from 'vitest';
import type { Tile, TileState } from '../../fixtures/station/tile.ts';
import { SocketTroubles } from '../../workers/socket-watch.ts';

function tile(state: TileState, code: string | null = null): Tile {
  const nothing = { boardId: null, serial: null, step: null };
  return { socket: '3', port: '/dev/x', state, code, instruction: `It is ${state}`, ...nothing };
}

/** What lasts after these looks: seconds and state. */
function seen(...looks: readonly (readonly [number, TileState, string?])[]): string[] {
  const troubles = new SocketTroubles('st-1');
  for (const [at, state, code] of looks) troubles.see([tile(state, code)], at * 1_000);
  return troubles.lasting.map(({ code, says }) => `${code}: ${says}`);
}

describe('the trouble of a socket', () => {
  it('is reported when it lasts longer than a board change', () => {
    expect(seen([0, 'silent'], [18, 'silent'])).toEqual([]);
    expect(seen([0, 'silent'], [18, 'silent'], [21, 'silent'])).toEqual([
      'SOCKET_SILENT: station st-1, socket 3: It is silent',
    ]);
    expect(seen([0, 'fault', 'LINK_BUSY'], [21, 'fault', 'LINK_BUSY'])).toEqual([
      'LINK_BUSY: station st-1, socket 3: It is fault',
    ]);
  });

  it('is not reported of empty sockets, nor of boards that failed or are set aside', () => {
    for (const state of ['empty', 'fail', 'hold', 'pass', 'busy'] as const)
      expect(seen([0, state], [60, state])).toEqual([]);
  });

  it('is taken back when the socket has been well for a while: a change of boards costs no signal', () => {
    const broken = [
      [0, 'silent'],
      [21, 'silent'],
    ] as const;
    expect(seen(...broken, [24, 'ready'], [45, 'busy'])).toHaveLength(1);
    expect(seen(...broken, [24, 'ready'], [60, 'busy'])).toEqual([]);
    expect(seen([0, 'silent'], [9, 'ready'], [12, 'silent'], [30, 'silent'])).toEqual([]);
  });
});
