import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { stationBookPath } from '../../line/state-folder.ts';
import { newPlace } from '../support/certline.ts';
import { until } from '../support/until.ts';
import { manifest, startLineRig } from './line-rig.ts';
import type { LineRig } from './line-rig.ts';

let rig: LineRig | undefined;
afterEach(() => rig?.end());

/** How many boards the station has a memory of. */
function boardsKnown(folder: string): number {
  const book = new DatabaseSync(stationBookPath(folder, 'st-1'), { readOnly: true });
  const { n } = book.prepare('SELECT count(*) AS n FROM board').get()!;
  book.close();
  return Number(n);
}

describe('a unit that passed and whose certificate is revoked by hand', () => {
  it('ends in all records, and its board, wiped, becomes another unit', async () => {
    rig = await startLineRig({ stations: [{ id: 'st-1', sockets: ['1'] }] });
    const { line, boards, folder } = rig;
    const place = newPlace({ CERTLINE_STATE: folder });
    const board = boards.insertBoard('st-1', '1');
    rig.drop('first.csv', manifest(1, 'PO-1', 'OLD'));
    await rig.closed('first.csv');
    const difference = async (): Promise<string> => (await place.certline('audit', 'reconcile')).stdout;
    expect(await difference()).toContain('No difference.');

    expect(
      await place.certline('cert', 'revoke', 'OLD-000001', '--reason', 'keyCompromise', '--yes'),
    ).toMatchObject({
      status: 0,
    });
    expect(await difference()).toContain('registered-but-withdrawn');
    expect(await place.certline('ca', 'crl')).toMatchObject({ status: 0, stderr: '' });
    expect(await difference()).toContain('No difference.');

    await boards.removeBoard('st-1', '1');
    await until('the station takes it for taken out', async () => boardsKnown(folder) === 0);
    for (const name of ['crt.der', 'key.der']) rmSync(join(board.directory, 'lfs1/credentials', name));
    boards.insertBoard('st-1', '1', board);
    rig.drop('second.csv', manifest(1, 'PO-1', 'NEW'));
    await rig.closed('second.csv');
    const { certificates } = (await line.registry.unit('NEW-000001'))!;
    expect(certificates).toMatchObject([{ state: 'active', boardId: board.hardwareId }]);
    await until('the ledger knows that it is in use', async () =>
      (await place.certline('cert', 'show', 'NEW-000001')).stdout.includes('active'),
    );
    expect(await difference()).toContain('No difference.');
  });
});
