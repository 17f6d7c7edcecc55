import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { ReworkInput, ReworkKind, ReworkState } from '../../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { until } from '../../support/until.ts';
import { failure, startRig } from '../rig.ts';
import type { ScriptedActivities } from '../rig.ts';
import { SERIAL, UNIT } from './rework-unit.ts';

let rig: Awaited<ReturnType<typeof startRig>> | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function startRework(
  kind: ReworkKind,
  script: Partial<ScriptedActivities> = {},
): Promise<WorkflowHandle> {
  const openRework = async () => ({ units: [UNIT], refusals: [] });
  rig = await startRig({ openRework, ...script }, { ownBoards: [SERIAL] });
  const said = { reason: 'why', by: 'who' };
  const input: ReworkInput = { reworkId: 'RW-1', kind, ...said, serials: [SERIAL], signed: '' };
  return await rig.client.workflow.start('rework', {
    workflowId: 'rework/RW-1',
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
  });
}

const names = (): string[] => rig!.calls.map(({ name }) => name);

const inputsOf = (name: keyof ScriptedActivities): unknown[] =>
  rig!.calls.filter((call) => call.name === name).map(({ input }) => input);

async function decide(verdict: 'retry' | 'skip' | 'scrap'): Promise<unknown> {
  const unit = rig!.client.workflow.getHandle(`unit/${SERIAL}`);
  await until('the unit waits', async () => {
    const { attention } = await unit
      .query<{ attention?: object }>('state')
      .catch(() => ({ attention: undefined }));
    return attention !== undefined && names().includes('recordReworkFailure');
  });
  return await unit.executeUpdate(verdict, { args: [{ reason: 'because', by: 'A. Tester' }] });
}

const flashFails: Partial<ScriptedActivities> = {
  flashCredentials: async () => Promise.reject(failure('SMP_DEVICE_ERROR')),
};

describe('a rework', () => {
  it('renews a certificate in the order that leaves one certificate valid at any time', async () => {
    const handle = await startRework('renew');
    expect(await handle.result()).toMatchObject({ phase: 'closed', done: 1 });
    expect(names()).toEqual([
      'openRework',
      'releaseRework',
      'releaseAttempt',
      'permitAttempt',
      'requestRenewal',
      'signCertificate',
      'flashCredentials',
      'verifyReadback',
      'registerDevice',
      'activateCertificates',
      'endRework',
      'rewriteResult',
    ]);
    const rework = { reworkId: 'RW-1', supersedesAttempt: 1 };
    expect(inputsOf('registerDevice')).toMatchObject([{ unit: { attempt: 2 }, rework }]);
    expect(inputsOf('activateCertificates')).toMatchObject([{ passes: [{ requestId: 'renewal-CL-1-2' }] }]);
    expect(inputsOf('endRework')).toMatchObject([{ attempt: 2, revokesActive: false }]);
  });

  it('records that a board is wiped before it asks for the new certificate', async () => {
    const handle = await startRework('rekey');
    await handle.result();
    expect(names().slice(4, 7)).toEqual(['generateKeypair', 'recordWipe', 'signCertificate']);
    expect(inputsOf('generateKeypair')).toMatchObject([{ boardId: 'b01' }]);
  });

  it('waits for the workflow with which its unit passed, where that is recorded and has not ended', async () => {
    let isEnding = false;
    rig = await startRig(
      {
        openRework: async () => ({ units: [UNIT], refusals: [] }),
        recallReworkUnit: async () => ({ attempt: 1, fingerprint: UNIT.oldFingerprint }),
        registerDevice: async ({ rework }) => {
          if (rework === undefined && !isEnding) throw failure('REGISTRY_FAULT', false);
        },
      },
      { ownBoards: [SERIAL] },
    );
    const start = async (type: string, workflowId: string, input: object): Promise<WorkflowHandle> =>
      await rig!.client.workflow.start(type, { workflowId, taskQueue: WORKFLOW_QUEUE, args: [input] });
    const { batchId, order, serial, product } = UNIT;
    const first = await start('unit', `unit/${SERIAL}`, { batchId, order, unit: { serial, product } });
    await until('it is registered', () => rig!.called('registerDevice') > 0);
    const said = { reason: 'why', by: 'who', serials: [SERIAL], signed: '' };
    const handle = await start('rework', 'rework/RW-1', { reworkId: 'RW-1', kind: 'rekey', ...said });
    await until('the rework is released', () => rig!.called('releaseRework') > 0);
    isEnding = true;
    expect(await first.result()).toMatchObject({ outcome: 'PASS' });
    expect(await handle.result()).toMatchObject({ phase: 'closed', done: 1 });
    expect(inputsOf('endReworkUnit')).toEqual([]);
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: false }]);
  });

  it('takes any blank board for a swap', async () => {
    const handle = await startRework('swap');
    expect(await handle.result()).toMatchObject({ done: 1 });
    expect(inputsOf('generateKeypair')).toMatchObject([{ unit: { attempt: 2 } }]);
    expect(inputsOf('generateKeypair')[0]).not.toHaveProperty('boardId');
    expect(names()).not.toContain('recordWipe');
  });

  it('that scraps revokes first, and then wipes the board if it is there', async () => {
    const handle = await startRework('scrap');
    expect(await handle.result()).toMatchObject({ done: 1 });
    expect(names().slice(2, 4)).toEqual(['releaseAttempt', 'permitAttempt']);
    expect(names().slice(4)).toEqual(['endRework', 'wipeBoard', 'endReworkUnit', 'rewriteResult']);
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: true }]);
    const outcome = { outcome: 'FAIL', code: 'SCRAPPED' };
    expect(inputsOf('endReworkUnit')).toMatchObject([{ result: 'done', outcome, decision: { by: 'who' } }]);
  });

  it('touches nothing when the registry refuses a unit', async () => {
    const refusals = [{ serial: SERIAL, why: 'is in no batch' }];
    const handle = await startRework('renew', { openRework: async () => ({ units: [], refusals }) });
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const state = await handle.query<ReworkState>('reworkState');
    expect(state).toMatchObject({ phase: 'refused', message: 'CL-1 is in no batch. Nothing was changed.' });
    expect(names()).toEqual(['openRework']);
  });

  it('touches nothing when the signer refuses it, and says why', async () => {
    const releaseRework = async () => Promise.reject(failure('QUOTA_EXCEEDED'));
    const handle = await startRework('renew', { releaseRework });
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(await handle.query<ReworkState>('reworkState')).toMatchObject({ phase: 'refused' });
    expect(inputsOf('refuseRework')).toEqual([
      { reworkId: 'RW-1', code: 'QUOTA_EXCEEDED', message: 'QUOTA_EXCEEDED' },
    ]);
  });

  it('that is given up restores the certificate of a renewal, and leaves the unit as it was', async () => {
    let writes = 0;
    const handle = await startRework('renew', {
      flashCredentials: async () => {
        writes += 1;
        if (writes === 1) throw failure('SMP_DEVICE_ERROR');
      },
    });
    await decide('skip');
    expect(await handle.result()).toMatchObject({ kept: 1 });
    expect(inputsOf('flashCredentials')[1]).toMatchObject({ certificate: 'b2xk', spkiSha256: 'spki-old' });
    expect(inputsOf('endReworkUnit')).toMatchObject([{ result: 'kept', decision: { verdict: 'skip' } }]);
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: false }]);
    const report = await rig!.client.workflow.getHandle(`unit/${SERIAL}`).result();
    expect(report).toMatchObject({ outcome: 'PASS', fingerprint: 'fp-old', result: 'kept' });
  });

  it('that is given up with only its registration missing says which board must come back', async () => {
    const handle = await startRework('swap', {
      registerDevice: async () => Promise.reject(failure('REGISTRY_CONFLICT')),
    });
    expect(await decide('skip')).toMatch(/Its tile said PASS: take board b02 back from the good tray$/);
    expect(await handle.result()).toMatchObject({ kept: 1 });
  });

  it('that is given up after the board was wiped leaves no valid certificate', async () => {
    const handle = await startRework('rekey', flashFails);
    await decide('skip');
    expect(await handle.result()).toMatchObject({ ended: 1 });
    const outcome = { outcome: 'HOLD', code: 'SMP_DEVICE_ERROR' };
    const boardCertificate = { boardId: 'b02', certificate: 'Y3J0' };
    expect(inputsOf('recordReworkFailure')).toMatchObject([{ boardCertificate }]);
    expect(inputsOf('endReworkUnit')).toMatchObject([{ result: 'ended', outcome, boardCertificate }]);
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: true }]);
  });

  it('is tried again with a new attempt', async () => {
    let writes = 0;
    const handle = await startRework('renew', {
      flashCredentials: async () => {
        writes += 1;
        if (writes === 1) throw failure('SMP_DEVICE_ERROR');
      },
    });
    await decide('retry');
    expect(await handle.result()).toMatchObject({ done: 1 });
    expect(inputsOf('registerDevice')).toMatchObject([{ unit: { attempt: 3 } }]);
    expect(inputsOf('recordDecision')).toMatchObject([{ attempt: 2, decision: { by: 'A. Tester' } }]);
  });

  it('whose unit was terminated keeps the certificate that no board was wiped for', async () => {
    const handle = await startRework('renew', flashFails);
    await until('it waits', () => names().includes('recordReworkFailure'));
    await rig!.client.workflow.getHandle(`unit/${SERIAL}`).terminate();
    expect(await handle.result()).toMatchObject({ kept: 1 });
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: false }]);
  });

  it('whose unit was terminated after its PASS names the board that must come back', async () => {
    const certificate = { requestId: 'r', serial: SERIAL, attempt: 2, spkiSha256: 'k', boardId: 'b02' };
    const handle = await startRework('swap', {
      registerDevice: async () => Promise.reject(failure('REGISTRY_CONFLICT')),
      unfinishedCertificates: async () => ({
        certificates: [{ ...certificate, stationId: 'st-1', certificate: 'Y3J0' }],
      }),
    });
    await until('it waits', () => names().includes('recordReworkFailure'));
    await rig!.client.workflow.getHandle(`unit/${SERIAL}`).terminate();
    expect(await handle.result()).toMatchObject({ kept: 1 });
    const message = expect.stringMatching(/board b02 at st-1, .* take that board back from the good tray\.$/);
    expect(inputsOf('endReworkUnit')).toMatchObject([
      {
        result: 'kept',
        unit: { attempt: 2 },
        failure: { code: 'UNIT_TERMINATED', message },
        boardCertificate: { boardId: 'b02', certificate: 'Y3J0' },
      },
    ]);
  });

  it('whose unit was terminated leaves no certificate valid where the board may be wiped', async () => {
    const handle = await startRework('rekey', flashFails);
    await until('it waits', () => names().includes('recordReworkFailure'));
    await rig!.client.workflow.getHandle(`unit/${SERIAL}`).terminate();
    expect(await handle.result()).toMatchObject({ ended: 1 });
    const outcome = { outcome: 'ERROR', code: 'UNIT_TERMINATED' };
    expect(inputsOf('endReworkUnit')).toMatchObject([{ result: 'ended', outcome }]);
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: true }]);
  });

  it('that is cancelled gives up each of its units', async () => {
    const handle = await startRework('rekey', flashFails);
    await until('it waits', () => names().includes('recordReworkFailure'));
    await handle.cancel();
    await until('it has ended', () => names().includes('rewriteResult'));
    expect(inputsOf('endReworkUnit')).toMatchObject([
      {
        result: 'ended',
        outcome: { code: 'CANCELLED' },
        boardCertificate: { boardId: 'b02', certificate: 'Y3J0' },
      },
    ]);
  });

  it('whose unit was skipped stays so when it is cancelled before the registry knows that the unit waited', async () => {
    let isFull = true;
    const handle = await startRework('swap', {
      // The first try is the last: a person decides.
      registerDevice: async () => {
        if (isFull) throw failure('REGISTRY_UNAVAILABLE', rig!.called('registerDevice') === 1);
      },
      recordReworkFailure: async () => {
        if (isFull) throw failure('REGISTRY_UNAVAILABLE', false);
      },
    });
    await decide('skip');
    await handle.cancel();
    await until('the unit is being cancelled', async () => {
      const { events } = await rig!.client.workflow.getHandle(`unit/${SERIAL}`).fetchHistory();
      return events!.some((event) => event.workflowExecutionCancelRequestedEventAttributes);
    });
    isFull = false;
    await until('it has ended', () => names().includes('rewriteResult'));
    expect(inputsOf('endReworkUnit')).toMatchObject([{ result: 'kept', decision: { verdict: 'skip' } }]);
    expect(rig!.called('registerDevice')).toBe(1);
  });
});
