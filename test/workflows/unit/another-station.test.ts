import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitState } from '../../../provisioning/unit.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function startUnit(script: Partial<ScriptedActivities>): Promise<WorkflowHandle> {
  rig = await startRig(script);
  return await rig.client.workflow.start('unit', {
    workflowId: 'unit/CL-1',
    taskQueue: WORKFLOW_QUEUE,
    args: [
      { batchId: 'B', order: 'O', unit: { serial: 'CL-1', product: PRODUCT }, permit: { signature: 'p' } },
    ],
  });
}

const inputs = (name: keyof ScriptedActivities): unknown[] =>
  rig!.calls.filter((call) => call.name === name).map(({ input }) => input);

async function untilAttention(handle: WorkflowHandle): Promise<UnitState> {
  await until('it waits', async () => (await handle.query<UnitState>('state')).attention !== undefined);
  return await handle.query<UnitState>('state');
}

/** Refuses this many requests. */
function refusing(times: number, code: string): ScriptedActivities['signCertificate'] {
  let calls = 0;
  return async ({ unit }) => {
    if (calls++ < times) throw failure(code);
    return {
      certificate: 'Y3J0',
      certificateSerial: '40',
      fingerprint: `fp-${unit.attempt}`,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '9999-12-31T23:59:59.000Z',
    };
  };
}

describe('a unit whose station the signer does not accept', () => {
  it('leaves it, says why, and makes another attempt by itself', async () => {
    const handle = await startUnit({ signCertificate: refusing(1, 'STATION_REVOKED') });
    expect(await handle.result()).toMatchObject({ outcome: 'PASS', attempts: 2, fingerprint: 'fp-2' });
    expect(inputs('releaseSocket')).toMatchObject([{ unit: { attempt: 1 }, code: 'STATION_REVOKED' }]);
    expect(inputs('recordFailure')).toMatchObject([
      { unit: { attempt: 1 }, code: 'STATION_REVOKED', decision: { verdict: 'retry' } },
    ]);
    expect(inputs('permitAttempt')).toMatchObject([{ unit: { attempt: 2 } }]);
    const query = 'ProvStatus="ATTENTION"';
    expect((await rig!.client.workflow.count(query)).count).toBe(0);
  });

  it('waits for a person after three attempts, and makes three more after a retry', async () => {
    const handle = await startUnit({ signCertificate: refusing(5, 'STATION_CLOCK') });
    expect(await untilAttention(handle)).toMatchObject({ attempt: 3, attention: { code: 'STATION_CLOCK' } });
    await until('it is recorded', () => rig!.called('recordFailure') === 3);
    expect(inputs('recordFailure').at(-1)).not.toHaveProperty('decision');
    await handle.executeUpdate('retry');
    expect(await handle.result()).toMatchObject({ outcome: 'PASS', attempts: 6 });
  });

  it.each<[string, Partial<ScriptedActivities>]>([
    ['KEY_REUSED', { signCertificate: refusing(1, 'KEY_REUSED') }],
    ['QUOTA_EXCEEDED', { signCertificate: refusing(1, 'QUOTA_EXCEEDED') }],
    ['CERTIFICATE_WRONG', { flashCredentials: async () => Promise.reject(failure('CERTIFICATE_WRONG')) }],
  ])('waits for a person at once with %s', async (code, script) => {
    const handle = await startUnit(script);
    expect(await untilAttention(handle)).toMatchObject({ attempt: 1, attention: { code } });
    await handle.terminate();
  });
});
