import { truncateSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readStationTiles } from '../../../cli/line/station-tiles.ts';
import { TileFile } from '../../../fixtures/station/tile-file.ts';
import { tileFilePath } from '../../../line/state-folder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

describe('the tiles that stations left', () => {
  it.each([
    ['empty', 0],
    ['cut', 0.5],
  ])('are shown also where a power cut left the file of one %s', (_, part) => {
    const state = temporaryFolder();
    for (const id of ['st-1', 'st-2']) {
      const file = new TileFile(
        tileFilePath(state, id),
        id,
        () => [],
        (error) => {
          throw error;
        },
      );
      file.writeNow();
    }
    const path = tileFilePath(state, 'st-1');
    truncateSync(path, Math.floor(statSync(path).size * part));
    expect(readStationTiles(state).map(({ station }) => station)).toEqual(['st-2']);
  });

  it('are none where no station ever ran', () => {
    expect(readStationTiles(temporaryFolder())).toEqual([]);
  });
});
