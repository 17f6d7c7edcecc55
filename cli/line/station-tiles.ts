import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TileFileContent } from '../../fixtures/station/tile-file.ts';
import { errnoOf } from '../../disk/errno.ts';
import { tileFilePath } from '../../line/state-folder.ts';

/** The sockets of every station that has left its tiles in the state folder, by name; none where no station ever ran. */
export function readStationTiles(stateFolder: string): readonly TileFileContent[] {
  const stations = dirname(dirname(tileFilePath(stateFolder, 'any')));
  const names = unlessMissing(() => readdirSync(stations)) ?? [];
  return names.toSorted().flatMap((name) => {
    const text = unlessMissing(() => readFileSync(tileFilePath(stateFolder, name), 'utf8'));
    if (text === undefined) return [];
    return [JSON.parse(text) as TileFileContent];
  });
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
