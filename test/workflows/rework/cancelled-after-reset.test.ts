import { afterEach, describe, expect, it } from 'vitest';
import type { IssuedCertificate } from '../../../provisioning/signing.ts';
import type { ReworkInput } from '../../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { until } from '../../support/until.ts';
import { resetTo } from '../reset-to.ts';
import { failure, goodActivities, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { SERIAL, UNIT } from './rework-unit.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const INPUT: ReworkInput = {
  reworkId: 'RW-1',
  kind: 'swap',
  reason: 'why',
  by: 'who',
  serials: [SERIAL],
  signed: '',
};
const good = goodActivities();

/** The certificate of the attempt whose board was proven before the reset. */
async function issued(): Promise<IssuedCertificate> {
  const signed = await good.signCertificate({ unit: UNIT } as never);
  const key = { requestId: 'r', spkiSha256: `spki-${SERIAL}-2` };
  return { attempt: UNIT.attempt, ...key, boardId: 'b02', stationId: 'st-1', signed };
}

/** A swap whose registration hangs is reset, and cancelled while its unit asks for what was signed for it. */
async function cancelledWhileAsking(recallProof: ScriptedActivities['recallProof']): Promise<unknown> {
  let isReset = false;
  const held = Promise.withResolvers<void>();
  rig = await startRig({
    openRework: async () => ({ units: [UNIT], refusals: [] }),
    registerDevice: async () => {
      if (!isReset) throw failure('REGISTRY_FAULT', false);
    },
    recallCertificate: async () => {
      await held.promise;
      return { issued: await issued() };
    },
    recallProof,
  });
  const options = { workflowId: 'rework/RW-1', taskQueue: WORKFLOW_QUEUE, args: [INPUT] };
  await rig.client.workflow.start('rework', options);
  await until('its registration is tried', () => rig!.called('registerDevice') > 0);
  isReset = true;
  const unit = await resetTo(rig, `unit/${SERIAL}`, 'first');
  await until('it asks', () => rig!.called('recallCertificate') > 0);
  await unit.cancel();
  held.resolve();
  return await unit.result();
}

describe('a unit in a rework that is reset after its board was proven, and cancelled before it knows that', () => {
  it('is done with that board, whose tile said PASS', async () => {
    const result = await cancelledWhileAsking(async () => ({
      verified: await good.verifyReadback({ unit: UNIT } as never),
    }));
    expect(result).toMatchObject({ outcome: 'PASS', result: 'done', boardId: 'b02' });
    expect(rig!.called('generateKeypair')).toBe(1);
  });

  it('keeps what it had where its station does not say, and says what to look for', async () => {
    const result = await cancelledWhileAsking(() => Promise.reject(failure('STATION_FAULT')));
    expect(result).toMatchObject({ outcome: 'PASS', result: 'kept', boardId: 'b01' });
    const { input } = rig!.calls.find(({ name }) => name === 'endReworkUnit')!;
    const message = expect.stringContaining('take that board back from the good tray');
    expect(input).toMatchObject({ result: 'kept', failure: { message } });
  });
});
