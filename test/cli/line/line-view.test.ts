import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import type { Tile } from '../../../fixtures/station/tile.ts';
import { renderLine } from '../../../cli/line/line-view.ts';
import type { LineView } from '../../../cli/line/line-view.ts';
import { textWidth } from '../../../cli/terminal/text-width.ts';

const BATCH = 'PO-1001-SHENZHEN-LONG-ORDER-NUMBER-A3EB0579';
const SERIAL = 'CL-SHENZHEN-2026-11-30-PANEL-07-00000123';
const HINT = 'The board did not answer: reseat it, then try again.';

const tile = (socket: string): Tile => ({
  socket,
  port: '/dev/ttyACM0',
  state: 'busy',
  boardId: null,
  serial: SERIAL,
  step: 'flashCredentials',
  code: null,
  instruction: 'Working: leave the board in',
});

const VIEW: LineView = {
  progress: {
    batchId: BATCH,
    order: 'PO-1001',
    quantity: 24,
    started: 8,
    passed: 3,
    failed: 0,
    errors: 0,
    held: 0,
    refused: false,
    attention: [{ serial: SERIAL, step: 'flashCredentials', code: 'SMP_TIMEOUT', hint: HINT }],
  } as unknown as LineView['progress'],
  stations: [{ station: 'station-shenzhen-2', sockets: ['1', '2', '3', '4'].map(tile) }],
  elapsedMs: 10_000,
  passedHere: 3,
};

it.each([60, 80, 120])('the live screen cuts nothing at %i columns', (columns) => {
  const lines = renderLine(VIEW, columns).map(stripVTControlCharacters);
  const text = lines.join('\n');
  expect(text.match(new RegExp(`BUSY ${SERIAL}`, 'g'))).toHaveLength(4);
  expect(text).toContain('[4 BUSY');
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`batch rerun ${BATCH}$`)));
  expect(text.replaceAll(/\s+/g, ' ')).toContain(HINT);
  const tooWide = lines.filter((line) => textWidth(line) > columns && !line.startsWith('npm run'));
  expect(tooWide).toEqual([]);
});
