// A station believes a permit for minutes, and a board may come hours after it was made.
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { Permit, PermitAttemptInput, PermittedAttempt } from '../../../provisioning/permit.ts';
import type { ReworkKind } from '../../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { until } from '../../support/until.ts';
import { SERIAL, UNIT } from '../rework/rework-unit.ts';
import { failure, goodActivities, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';

const HOUR_MS = 3_600_000;

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const GOOD = goodActivities();

/** A signer whose first `old` permits were made an hour ago, and a station that removes nothing by those. */
function lateBoards(old: number, named: Partial<Permit>): Partial<ScriptedActivities> {
  let made = 0;
  const permitAttempt = async ({ unit: { attempt } }: PermitAttemptInput): Promise<PermittedAttempt> => {
    made += 1;
    const madeAt = new Date(Date.now() - (made > old ? 0 : HOUR_MS)).toISOString();
    return { attempt, permit: { signature: `permit-${made}`, ...named, madeAt } };
  };
  const mustBeNew = (permit: Permit | undefined): void => {
    if (Date.now() - Date.parse(permit?.madeAt ?? '') > HOUR_MS / 2) throw failure('PERMIT_INVALID');
  };
  return {
    permitAttempt,
    openRework: async () => ({ units: [UNIT], refusals: [] }),
    generateKeypair: async (input) => {
      mustBeNew(input.permit);
      return await GOOD.generateKeypair(input);
    },
    requestRenewal: async (input) => {
      mustBeNew(input.permit);
      return await GOOD.requestRenewal(input);
    },
  };
}

async function startRework(kind: ReworkKind, script: Partial<ScriptedActivities>): Promise<WorkflowHandle> {
  rig = await startRig(script, { ownBoards: [SERIAL] });
  const said = { reason: 'why', by: 'who', serials: [SERIAL], signed: '' };
  return await rig.client.workflow.start('rework', {
    workflowId: 'rework/RW-1',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ reworkId: 'RW-1', kind, ...said }],
  });
}

const attemptsAskedFor = (): number[] =>
  rig!.calls
    .filter(({ name }) => name === 'permitAttempt')
    .map(({ input }) => (input as PermitAttemptInput).unit.attempt);

async function attention(unit: WorkflowHandle): Promise<unknown> {
  return await until('it waits', async () => {
    const state = await unit.query<{ attention?: object }>('state').catch(() => undefined);
    return state?.attention;
  });
}

describe('a board that comes long after its permit was made', { timeout: 60_000 }, () => {
  it.each(['rekey', 'renew'] as const)('is taken for a %s without a person', async (kind) => {
    const handle = await startRework(kind, lateBoards(1, { replaces: ['fp-old'], renews: 'spki-old' }));
    expect(await handle.result()).toMatchObject({ done: 1 });
    expect(attemptsAskedFor()).toEqual([2, 2]);
    expect(rig!.called('signCertificate')).toBe(1);
  });

  it('is taken for a unit that was tried again', async () => {
    rig = await startRig(lateBoards(1, { replaces: ['fp-1'] }));
    const input = { batchId: 'B', order: 'O', unit: { serial: SERIAL, product: PRODUCT } };
    const handle = await rig.client.workflow.start('unit', {
      workflowId: `unit/${SERIAL}`,
      taskQueue: WORKFLOW_QUEUE,
      args: [{ ...input, attempt: 2, hasCertificate: true }],
    });
    expect(await handle.result()).toMatchObject({ outcome: 'PASS', attempts: 2 });
    expect(attemptsAskedFor()).toEqual([2, 2]);
  });

  it('waits for a person where a permit of now is refused, too', async () => {
    await startRework('rekey', lateBoards(9, { replaces: ['fp-old'] }));
    const unit = rig!.client.workflow.getHandle(`unit/${SERIAL}`);
    expect(await attention(unit)).toMatchObject({ code: 'PERMIT_INVALID', attempt: 2 });
    expect(attemptsAskedFor()).toEqual([2, 2]);
  });

  it('is refused at once by a permit that names nothing', async () => {
    await startRework('swap', {
      ...lateBoards(9, {}),
      generateKeypair: async () => Promise.reject(failure('PERMIT_INVALID')),
    });
    const unit = rig!.client.workflow.getHandle(`unit/${SERIAL}`);
    expect(await attention(unit)).toMatchObject({ code: 'PERMIT_INVALID' });
    expect(attemptsAskedFor()).toEqual([2]);
  });

  it('gets its old certificate again when a renewal is given up', async () => {
    const handle = await startRework('renew', {
      ...lateBoards(0, {}),
      permitAttempt: async ({ unit: { attempt } }) => {
        const isFirst = rig!.called('permitAttempt') === 1;
        const madeAt = new Date(Date.now() - (isFirst ? HOUR_MS : 0)).toISOString();
        return { attempt, permit: { signature: 'p', renews: 'spki-old', madeAt } };
      },
      // The board came at once, and the person decides an hour later.
      requestRenewal: async (input) => {
        if (rig!.called('verifyReadback') > 0 && Date.now() - Date.parse(input.permit!.madeAt!) > HOUR_MS / 2)
          throw failure('PERMIT_INVALID');
        return await GOOD.requestRenewal(input);
      },
      verifyReadback: async (input) => {
        if (rig!.called('verifyReadback') === 1) throw failure('KEY_MISMATCH');
        return await GOOD.verifyReadback(input);
      },
    });
    const unit = rig!.client.workflow.getHandle(`unit/${SERIAL}`);
    await attention(unit);
    await until('it can be skipped', () =>
      unit.executeUpdate('skip', { args: [{ reason: 'why', by: 'who' }] }).then(
        () => true,
        () => undefined,
      ),
    );
    expect(await handle.result()).toMatchObject({ kept: 1 });
    expect(rig!.called('flashCredentials')).toBe(2);
  });
});
