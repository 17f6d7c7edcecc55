// What an operator sees: the tiles a station shows in its `sockets.json`.

import { readFileSync } from 'node:fs';

/** As much of a tile as an operator acts on. */
export interface SeenTile {
  readonly socket: string;
  readonly state: string;
  readonly boardId: string | null;
}

function isTile(value: unknown): value is SeenTile {
  if (typeof value !== 'object' || value === null) return false;
  const { socket, state, boardId } = value as Partial<Record<string, unknown>>;
  return (
    typeof socket === 'string' &&
    typeof state === 'string' &&
    (boardId === null || typeof boardId === 'string')
  );
}

/** The tiles of a station; none while its file is missing or not what a station writes: a person sees a dark screen. */
export function readTiles(path: string): readonly SeenTile[] {
  try {
    const { sockets } = JSON.parse(readFileSync(path, 'utf8')) as { sockets?: unknown };
    return Array.isArray(sockets) ? sockets.filter(isTile) : [];
  } catch {
    return [];
  }
}
