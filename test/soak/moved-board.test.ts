import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeCertificate } from '../../pki/lint/certificate-facts.ts';
import type { UnitState } from '../../provisioning/unit.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { startLineRig } from '../end-to-end/line-rig.ts';
import { until } from '../support/until.ts';

/** A unit waits for its board to come back for about a minute before it asks for a decision. */
const GRACE_MS = 180_000;

it('goes on with a board that came back in another station, carrying its certificate already', async () => {
  const stations = [
    { id: 'st-1', sockets: ['1'] },
    { id: 'st-2', sockets: ['1'] },
  ];
  const rig = await startLineRig({ stations, faults: [{ nth: 1, fault: { kind: 'slow', delayMs: 150 } }] });
  try {
    const board = rig.boards.insertBoard('st-1', '1');
    rig.drop('one.csv', 'order,serial,product\nPO-1,MB-1,golioth-node\n');
    const certificate = join(board.directory, 'lfs1/credentials/crt.der');
    await until(
      'the certificate is on the board',
      () => existsSync(certificate) && describeCertificate(readFileSync(certificate)) !== undefined,
    );
    const taken = await rig.boards.removeBoard('st-1', '1');
    const unit = rig.line.client.workflow.getHandle(unitWorkflowId('MB-1'));
    await until(
      'the unit waits',
      async () => (await unit.query<UnitState>('state')).attention !== undefined,
      GRACE_MS,
    );
    rig.boards.insertBoard('st-2', '1', taken);
    await until('the other station holds it for its unit', () =>
      rig.line.stations[1]!.ownQueues.includes('unit/MB-1'),
    );
    expect(rig.line.stations[1]!.tiles[0]).toMatchObject({ state: 'hold', serial: 'MB-1' });
    await unit.executeUpdate('retry');
    expect(await unit.result()).toMatchObject({ outcome: 'PASS', attempts: 2 });
    const record = await rig.line.registry.unit('MB-1');
    expect(record?.certificates).toMatchObject([{ boardId: board.hardwareId, state: 'active', attempt: 2 }]);
    expect(record?.attempts.at(-1)).toMatchObject({ station: 'st-2', boardId: board.hardwareId });
  } finally {
    await rig.end();
  }
});
