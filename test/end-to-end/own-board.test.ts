import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { describeCertificate } from '../../pki/lint/certificate-facts.ts';
import type { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import { startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

const STATIONS = [
  { id: 'st-1', sockets: ['1', '2'] },
  { id: 'st-2', sockets: ['1', '2'] },
];

let rig: LineRig | undefined;
afterEach(async () => {
  await rig?.end();
  rig = undefined;
});

const serialOn = (board: VirtualBoard): string | undefined =>
  describeCertificate(readFileSync(join(board.directory, 'lfs1/credentials/crt.der')))?.serial;

describe('a unit and its own board', () => {
  it('takes the board that the manifest names, wherever it sits, and no other', async () => {
    rig = await startLineRig({ stations: STATIONS, assignment: 'listed-board' });
    const boards = [
      rig.boards.insertBoard('st-1', '2'),
      rig.boards.insertBoard('st-2', '1'),
      rig.boards.insertBoard('st-1', '1'),
    ];
    const listed = boards.slice(0, 2);
    const rows = listed.map((board, index) => `PO-1,LB-${index + 1},golioth-node,${board.hardwareId}\n`);
    rig.drop('listed.csv', `order,serial,product,board_id\n${rows.join('')}`);
    await rig.closed('listed.csv');
    expect(listed.map(serialOn)).toEqual(['LB-1', 'LB-2']);
    expect(() => serialOn(boards[2]!)).toThrow('ENOENT');
  });
});
