import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import { SOCKETS, STATIONS } from '../end-to-end/roles-rig.ts';
import { reworksOf } from './lot.ts';
import type { Lot } from './lot.ts';

const PLACES = STATIONS.flatMap((station) => SOCKETS.map((socket) => ({ station, socket })));

/** Brings the boards of units that are in a rework back to sockets, as an operator does. Which sockets, chance decides. */
export function bringBoards(lot: Lot): void {
  for (const { boardId, kind, endedAt } of reworksOf(lot))
    if (endedAt === null && kind !== 'swap') returnBoard(lot, boardId);
}

/** Takes what is in a socket out, and puts the board in; nothing where the board is in a socket already. */
export function returnBoard({ rig: { boards }, random }: Pick<Lot, 'rig' | 'random'>, boardId: string): void {
  if (PLACES.some(({ station, socket }) => boards.boardId(station, socket) === boardId)) return;
  // A board that a unit has is left in.
  const free = PLACES.filter(({ station, socket }) => isBlank(boards.board(station, socket)));
  if (free.length === 0) return;
  const { station, socket } = random.pick(free);
  // The hands of the other operator must not come between.
  void boards.removeBoard(station, socket);
  boards.insertBoard(station, socket, VirtualBoard.open(boards.boardsDirectory, boardId));
}

function isBlank(board: VirtualBoard | undefined): boolean {
  return board !== undefined && !existsSync(join(board.directory, 'lfs1/credentials/key.der'));
}
