import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TileFileContent } from '../../fixtures/station/tile-file.ts';
import { errnoOf } from '../../disk/errno.ts';
import { tileFilePath } from '../../line/state-folder.ts';

/**
 * The sockets of every station that has left its tiles in the state folder, by name; none where no station ever ran, or
 * a power cut has damaged the file.
 */
export function readStationTiles(stateFolder: string): readonly TileFileContent[] {
  const stations = dirname(dirname(tileFilePath(stateFolder, 'any')));
  const names = unlessMissing(() => readdirSync(stations)) ?? [];
  return names.toSorted().flatMap((name) => {
    const text = unlessMissing(() => readFileSync(tileFilePath(stateFolder, name), 'utf8'));
    return text === undefined ? [] : (whole(text) ?? []);
  });
}

/** Undefined for what a power cut left of a file: a station does not wait for the disk, and writes it again when it starts. */
function whole(text: string): TileFileContent | undefined {
  try {
    return JSON.parse(text) as TileFileContent;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
