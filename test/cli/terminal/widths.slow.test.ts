import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import { expect, it, onTestFinished } from 'vitest';
import { certlineProgram } from '../../../cli/program.ts';
import { textWidth } from '../../../cli/terminal/text-width.ts';
import { widestPiece } from '../../../cli/terminal/wrap.ts';
import { registryPath, tileFilePath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { newBatch, rowsOf } from '../../registry/record/opened.ts';
import { newPlace, PRODUCT } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';
import { openPseudoTerminal } from '../../support/pseudo-terminal.ts';
import { issueInto } from '../issued-lot.ts';

const BATCH = 'PO-1001-SHENZHEN-LONG-ORDER-NUMBER-A3EB0579';
const SERIAL = 'CL-SHENZHEN-2026-11-30-PANEL-07-00000123';
const STATION = 'station-shenzhen-hall-2-fixture-7';
const REASON =
  '天线裂开，请更换 the antenna is cracked, so the board goes back to the laboratory of the supplier';

/** What prints facts without a running line. The others print sentences, by the same function. */
const RUNS: readonly (readonly string[])[] = [
  ['batch', 'list'],
  ['batch', 'show', BATCH],
  ['batch', 'show', BATCH, '--units'],
  ['batch', 'show', 'PO-2'],
  ['batch', 'result', BATCH],
  ['unit', 'show', SERIAL],
  ['unit', 'list', '--waiting'],
  ['station', 'yield'],
  ['station', 'enroll'],
  ['station', 'list'],
  ['registry', 'status'],
  ['registry', 'export', 'FOLDER/registry.jsonl'],
  ['rework', 'list'],
  ['line', 'status'],
  ['doctor'],
  ['ca', 'show'],
  ['cert', 'show', SERIAL],
  ['cert', 'lint', 'FOLDER/lot.csv'],
  ['order', 'key', 'init', '--name', 'release-of-a-long-name', '--folder', 'FOLDER/release'],
  ['order', 'create', 'PO-1001', '--product', PRODUCT.name, '--quantity', '5', '--out', 'FOLDER/a.order'],
  ['intake', 'enroll'],
  ['audit', 'verify'],
  ['audit', 'reconcile'],
  ['validate', 'FOLDER/lot.csv'],
  ['cloud', 'check'],
  ['batch', 'cancel', BATCH, '--yes'],
];

/** A line of long names in a state folder: a lot with a unit that waits, a board that was rejected, sockets, certificates. */
async function longNames(): Promise<Place> {
  const place = newPlace();
  const sockets = [
    { id: 'socket-of-a-long-name-1', port: join(place.folder, 'none'), product: PRODUCT.name },
  ];
  place.configure({ inbox: place.inbox, products: [PRODUCT], stations: [{ id: STATION, sockets }] });
  await issueInto(place, [SERIAL]);
  const registry = openRegistryFile(registryPath(place.state));
  await registry.importBatch(
    { ...newBatch('1001', 1), batchId: BATCH, manifest: '深圳批次-一千零一-lot.csv' },
    rowsOf([SERIAL]),
  );
  await registry.recordStart(BATCH);
  const at = { stationId: STATION, socket: '4', boardId: '5ac0a1b2c3d4e5f65ac0a1b2c3d4e5f6' };
  await registry.recordAttention({
    ...at,
    serial: SERIAL,
    batchId: BATCH,
    attempt: 1,
    step: 'flashCredentials',
    code: 'SMP_TIMEOUT',
    reason: 'no answer',
    startedAt: '2026-11-30T01:00:00.000Z',
  });
  await registry.recordBatchDecision(BATCH, {
    verdict: 'pause',
    reason: REASON,
    by: 'A. Berg of the night shift',
    decidedAt: '2026-11-30T02:00:00.000Z',
  });
  await registry.recordRejectedBoard({
    ...at,
    seenAt: '2026-11-30T02:00:00.000Z',
    code: 'BOARD_WRONG_PRODUCT',
    message: REASON,
  });
  await registry.importBatch(newBatch('2', 1), rowsOf(['CL-000002']));
  await registry.close();
  const tiles = tileFilePath(place.state, STATION);
  mkdirSync(join(tiles, '..'), { recursive: true });
  const tile = { port: '/dev/ttyACM0', boardId: null, step: null, code: null, instruction: REASON };
  writeFileSync(
    tiles,
    JSON.stringify({
      station: STATION,
      updatedAt: '2026-11-30T02:00:00.000Z',
      sockets: ['1', '2', '3', '4'].map((socket) => ({ ...tile, socket, state: 'hold', serial: SERIAL })),
    }),
  );
  writeFileSync(join(place.folder, 'lot.csv'), 'order,serial,product\nPO-1,天线裂开请更换,no such product\n');
  return place;
}

/** What each of the commands printed at a terminal of so many columns, without colours, by its line. */
async function printedAt(place: Place, columns: number): Promise<Map<string, string>> {
  const pty = openPseudoTerminal();
  onTestFinished(() => pty.close());
  pty.resize(columns, 40);
  let shown = '';
  pty.onBytes((bytes) => (shown += bytes.toString('utf8')));
  const terminal = openSync(pty.path, 'r+');
  const lines = RUNS.map((line) =>
    line.map((word) => word.replace('FOLDER', join(place.folder, String(columns)))),
  );
  mkdirSync(join(place.folder, String(columns)));
  const script = join(import.meta.dirname, '..', '..', 'support', 'commands-at-terminal.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(lines)], {
    env: place.environment,
    stdio: [terminal, terminal, terminal],
  });
  closeSync(terminal);
  expect(await once(child, 'exit')).toEqual([0, null]);
  const parts = shown.replaceAll('\r\n', '\n').split('\u0001').slice(1);
  return new Map(
    parts.map((part) => {
      const [line = '', ...rest] = part.split('\n');
      return [line, stripVTControlCharacters(rest.join('\n').split('\u0002')[0]!)];
    }),
  );
}

it.each([60, 80, 120])('no command cuts anything or breaks an id at %i columns', async (columns) => {
  const place = await longNames();
  const printed = await printedAt(place, columns);
  expect(printed.size).toBe(RUNS.length);
  const tooWide: string[] = [];
  for (const [command, text] of printed) {
    expect(text).not.toMatch(/^ {4}at /m);
    for (const line of text.split('\n'))
      // What must stay together may be wider, alone on its row.
      if (textWidth(line) > columns && widestPiece(line.trim()) < textWidth(line.trim()))
        tooWide.push(`${command}: ${line}`);
  }
  expect(tooWide).toEqual([]);
  const all = [...printed.values()].join('\n');
  for (const id of [BATCH, SERIAL, `certline unit retry ${SERIAL}`, `certline batch rerun ${BATCH}`])
    expect(all).toContain(id);
  expect(printed.get(JSON.stringify(['line', 'status']))!.match(new RegExp(SERIAL, 'g'))).toHaveLength(4);
});

it('every command writes through the room of the terminal, except what is a document', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'cli');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const writing = files.filter(
    (name) =>
      !name.startsWith('terminal/') &&
      readFileSync(join(folder, name), 'utf8').includes('process.stdout.write('),
  );
  expect(writing.toSorted()).toEqual([
    'audit/make-checkpoint.ts',
    'board/board-shell.ts',
    'board/get-file.ts',
    'ca/export-ca.ts',
    'ca/prove-ca.ts',
    'ca/request-ca.ts',
    'cert/show-certificate.ts',
    'manifest/new-manifest.ts',
    'unit/describe-unit.ts',
  ]);
});

it('runs commands that there are', () => {
  const isKnown = (line: readonly string[]): boolean => {
    let at: Command | undefined = certlineProgram();
    for (const word of line) {
      if (at?.commands.length === 0) break;
      at = at?.commands.find((each) => each.name() === word);
    }
    return at?.commands.length === 0;
  };
  expect(RUNS.filter((line) => !isKnown(line))).toEqual([]);
});
