import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitReport, UnitState } from '../../../provisioning/unit.ts';
import { failure, PRODUCT, startRig, STATION } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';

let rig: (Rig & { startStation(): Promise<void> }) | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function startUnit(
  script: Partial<ScriptedActivities> = {},
  options: Parameters<typeof startRig>[1] = {},
  product = PRODUCT,
): Promise<WorkflowHandle> {
  rig = await startRig(script, options);
  return await rig.client.workflow.start('unit', {
    workflowId: 'unit/CL-1',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ batchId: 'B', order: 'O', unit: { serial: 'CL-1', product }, permit: { signature: 'p' } }],
  });
}

const stateOf = (handle: WorkflowHandle) => handle.query<UnitState>('state');

async function untilAttention(handle: WorkflowHandle): Promise<UnitState> {
  await until('the unit waits', async () => (await stateOf(handle)).attention !== undefined);
  return await stateOf(handle);
}

async function reportOf(handle: WorkflowHandle): Promise<UnitReport> {
  const error = await handle.result().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const { cause } = error as WorkflowFailedError;
  return (cause as ApplicationFailure).details![0] as UnitReport;
}

/** Throws the first `times` calls, then goes well. */
function failing(
  times: number,
  code: string,
  nonRetryable = true,
): () => Promise<never> | Promise<undefined> {
  let calls = 0;
  return async () => {
    if (calls++ < times) throw failure(code, nonRetryable);
    return undefined;
  };
}

/** What the chunk itself does. */
const CHUNK_WORK = new Set(['loadChunk', 'releaseUnits', 'activateCertificates']);

describe('a unit', () => {
  it('goes through five steps in 35 events and nothing that costs an action besides', async () => {
    // As a child of its chunk: only a unit that somebody started by hand asks the registry first.
    rig = await startRig();
    const chunk = { batchId: 'B', order: 'O', manifestSha256: '', chunk: 1, quantity: 1, window: 1 };
    const options = { workflowId: 'batch/B/chunk-00001', taskQueue: WORKFLOW_QUEUE };
    await rig.client.workflow.execute('chunk', { ...options, args: [chunk] });
    const handle = rig.client.workflow.getHandle('unit/CL-1');
    expect(await handle.result()).toMatchObject({
      serial: 'CL-1',
      outcome: 'PASS',
      attempts: 1,
      fingerprint: 'fp-CL-1-1',
      requestId: 'B/CL-1/spki-CL-1-1',
    });
    expect(rig.calls.map((call) => call.name).filter((name) => !CHUNK_WORK.has(name))).toEqual([
      'generateKeypair',
      'signCertificate',
      'flashCredentials',
      'verifyReadback',
      'registerDevice',
    ]);
    const { events } = await handle.fetchHistory();
    expect(events).toHaveLength(35);
    const scheduled = events!.filter((event) => event.activityTaskScheduledEventAttributes);
    expect(scheduled).toHaveLength(5);
    const costly = events!.filter(
      (event) =>
        event.upsertWorkflowSearchAttributesEventAttributes ??
        event.timerStartedEventAttributes ??
        event.signalExternalWorkflowExecutionInitiatedEventAttributes ??
        event.workflowExecutionSignaledEventAttributes ??
        event.markerRecordedEventAttributes,
    );
    expect(costly).toEqual([]);
  });

  it('gives the signer the same request id for the same key', async () => {
    const handle = await startUnit();
    await handle.result();
    const signing = rig!.calls.find((call) => call.name === 'signCertificate')!.input as {
      requestId: string;
    };
    expect(signing.requestId).toBe('B/CL-1/spki-CL-1-1');
  });

  it('waits for a decision with code, step and hint, found by search', async () => {
    const handle = await startUnit({
      flashCredentials: async () => Promise.reject(failure('SMP_DEVICE_ERROR')),
    });
    const state = await untilAttention(handle);
    expect(state).toMatchObject({
      step: 'flashCredentials',
      stationId: STATION,
      boardId: 'b01',
      attention: { serial: 'CL-1', code: 'SMP_DEVICE_ERROR', step: 'flashCredentials', attempt: 1 },
    });
    expect(rig!.called('releaseSocket')).toBe(1);
    await until('it is on record', () => rig!.called('recordFailure') === 1);
    expect(rig!.calls.find((call) => call.name === 'recordFailure')!.input).not.toHaveProperty('outcome');
    const query = 'ProvStatus="ATTENTION" AND ProvError="SMP_DEVICE_ERROR" AND ProvStep="flashCredentials"';
    await until('the list shows it', async () => (await rig!.client.workflow.count(query)).count === 1);
    await handle.terminate();
  });

  it('tries again with a new attempt and a new key after retry', async () => {
    const handle = await startUnit({ flashCredentials: failing(1, 'SMP_DEVICE_ERROR') });
    await untilAttention(handle);
    await expect(handle.executeUpdate('retry', { args: [{ reason: 'board changed' }] })).resolves.toContain(
      'CL-1',
    );
    expect(await handle.result()).toMatchObject({ outcome: 'PASS', attempts: 2, fingerprint: 'fp-CL-1-2' });
    await until(
      'it left the list',
      async () => (await rig!.client.workflow.count('ProvStatus="ATTENTION"')).count === 0,
    );
  });

  it('looks for its own board first once it had a certificate', async () => {
    const handle = await startUnit({ flashCredentials: failing(1, 'SMP_DEVICE_ERROR') });
    await untilAttention(handle);
    await handle.executeUpdate('retry');
    await handle.result();
    const { events } = await handle.fetchHistory();
    const queues = events!.flatMap((event) => {
      const scheduled = event.activityTaskScheduledEventAttributes;
      return scheduled?.activityType?.name === 'generateKeypair' ? [scheduled.taskQueue?.name] : [];
    });
    expect(queues).toEqual([`boards/${PRODUCT}`, 'unit/CL-1', `boards/${PRODUCT}`]);
  });

  it('tries again by signal, as a list of units is told', async () => {
    const handle = await startUnit({ signCertificate: failing(1, 'CA_UNAVAILABLE') as never });
    await untilAttention(handle);
    await handle.signal('retry');
    await until('it signs again', () => rig!.called('signCertificate') === 2);
    await handle.terminate();
  });

  it('ends as the registry has it where it had ended there meanwhile, with nothing live left behind', async () => {
    let ended = false;
    const handle = await startUnit({
      registerDevice: async () => {
        ended = true;
        throw failure('REGISTRY_CONFLICT');
      },
      recallUnit: async () => (ended ? { outcome: 'ERROR', code: 'CHUNK_LOST', attempt: 1 } : { attempt: 0 }),
    });
    expect(await reportOf(handle)).toMatchObject({ outcome: 'ERROR', code: 'CHUNK_LOST' });
    expect(rig!.calls.at(-1)).toMatchObject({
      name: 'revokeCertificate',
      input: { unit: { serial: 'CL-1', attempt: 1 }, reason: 'ended before' },
    });
    expect(rig!.calls.findLast((call) => call.name === 'recallUnit')!.input).toMatchObject({
      boardCertificate: { boardId: 'b01', certificate: 'Y3J0' },
    });
  });

  it('is no pass where the registry has another end of it when it is given up', async () => {
    let ended = false;
    const handle = await startUnit({
      verifyReadback: async () => Promise.reject(failure('READ_BACK_DIFFERS')),
      recordFailure: async ({ outcome }) => {
        if (outcome === undefined) return;
        ended = true;
        throw failure('REGISTRY_CONFLICT');
      },
      recallUnit: async () => (ended ? { outcome: 'ERROR', code: 'CHUNK_LOST', attempt: 1 } : { attempt: 1 }),
    });
    await untilAttention(handle);
    await handle.executeUpdate('skip');
    expect(await reportOf(handle)).toMatchObject({ outcome: 'HOLD' });
    expect(rig!.called('revokeCertificate')).toBe(1);
  });

  it('repeats registration alone when the board was already proven', async () => {
    const handle = await startUnit({ registerDevice: failing(1, 'REGISTRY_CONFLICT') });
    const state = await untilAttention(handle);
    expect(state.step).toBe('registerDevice');
    expect(rig!.called('releaseSocket')).toBe(0);
    await handle.executeUpdate('retry');
    expect(await handle.result()).toMatchObject({ outcome: 'PASS', attempts: 2, fingerprint: 'fp-CL-1-1' });
    expect(rig!.called('generateKeypair')).toBe(1);
  });

  it('says which board must come back from the good tray, when only its registration was missing', async () => {
    const handle = await startUnit({ registerDevice: failing(1, 'REGISTRY_CONFLICT') });
    await untilAttention(handle);
    expect(await handle.executeUpdate('skip')).toMatch(
      /^skip: CL-1 \(REGISTRY_CONFLICT: .*\)\. Its tile said PASS: take board b01 back from the good tray$/,
    );
    expect(await reportOf(handle)).toMatchObject({ outcome: 'HOLD' });
  });

  it.each([
    ['scrap', 'FAIL', 'SCRAPPED'],
    ['skip', 'HOLD', 'SKIPPED'],
  ])('ends after %s as %s, with nothing live left behind', async (decision, outcome, status) => {
    const handle = await startUnit({ verifyReadback: async () => Promise.reject(failure('KEY_MISMATCH')) });
    await untilAttention(handle);
    await handle.executeUpdate(decision, { args: [{ reason: 'said so' }] });
    expect(await reportOf(handle)).toMatchObject({ outcome, code: 'KEY_MISMATCH', step: 'verifyReadback' });
    expect(rig!.called('revokeCertificate')).toBe(1);
    const [first, last] = rig!.calls.filter((call) => call.name === 'recordFailure');
    // The board may have what was signed for it.
    const boardCertificate = { boardId: 'b01', certificate: 'Y3J0' };
    expect(first!.input).toMatchObject({ boardCertificate });
    expect(last!.input).toMatchObject({ outcome, reason: 'said so', boardCertificate });
    const query = `ProvStatus="${status}" AND ExecutionStatus="Failed"`;
    await until('the list shows it', async () => (await rig!.client.workflow.count(query)).count === 1);
  });

  it('records what happened, who decided what, and why', async () => {
    const handle = await startUnit({
      verifyReadback: async () =>
        Promise.reject(
          ApplicationFailure.nonRetryable('crt.der reads back as 0 other octets', 'READ_BACK_DIFFERS'),
        ),
    });
    const happened = { code: 'READ_BACK_DIFFERS', message: 'crt.der reads back as 0 other octets' };
    expect(await untilAttention(handle)).toMatchObject({ message: happened.message });
    await handle.executeUpdate('retry', { args: [{ reason: 'new board', by: 'A. Berg' }] });
    await until('it is on record', () => rig!.called('recordDecision') === 1);
    await until('it waits again', async () => (await stateOf(handle)).attention?.attempt === 2);
    await handle.executeUpdate('skip', { args: [{ by: 'C. Dorn' }] });
    await reportOf(handle);
    const decidedAt = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(rig!.calls.find(({ name }) => name === 'recordDecision')!.input).toEqual({
      batchId: 'B',
      serial: 'CL-1',
      attempt: 1,
      decision: { verdict: 'retry', reason: 'new board', by: 'A. Berg', decidedAt },
    });
    expect(rig!.calls.findLast(({ name }) => name === 'recordFailure')!.input).toMatchObject({
      ...happened,
      outcome: 'HOLD',
      decision: { verdict: 'skip', by: 'C. Dorn', decidedAt },
    });
  });

  it('refuses a decision that it does not wait for', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const handle = await startUnit({ flashCredentials: () => held });
    await until('it flashes', () => rig!.called('flashCredentials') === 1);
    await expect(handle.executeUpdate('scrap')).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    release();
    expect(await handle.result()).toMatchObject({ outcome: 'PASS' });
  });

  it('is left out while it waits for a board that never comes, and then is neither retried nor scrapped', async () => {
    const handle = await startUnit({}, {}, 'of-no-socket');
    await until('it waits for a board', async () => (await stateOf(handle)).step === 'generateKeypair');
    await expect(handle.executeUpdate('scrap')).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    const said = { reason: 'no such boards here', by: 'A. Berg' };
    const answer = await until('it can be skipped', () =>
      handle.executeUpdate<string, [object]>('skip', { args: [said] }).catch(() => undefined),
    );
    expect(answer).toContain('no longer waits for a board');
    expect(await reportOf(handle)).toMatchObject({ outcome: 'HOLD', code: 'NO_BOARD' });
    expect(rig!.calls.findLast(({ name }) => name === 'recordFailure')!.input).toMatchObject({
      outcome: 'HOLD',
      code: 'NO_BOARD',
      decision: { verdict: 'skip', ...said },
    });
  });

  it('writes once more when the board reads back wrong, and no more', async () => {
    const handle = await startUnit({
      verifyReadback: async () => Promise.reject(failure('READ_BACK_DIFFERS')),
    });
    await untilAttention(handle);
    expect(rig!.called('flashCredentials')).toBe(2);
    expect(rig!.called('verifyReadback')).toBe(2);
    await handle.terminate();
  });

  it('leaves its socket and revokes when it is cancelled', async () => {
    const handle = await startUnit({
      verifyReadback: () => Promise.reject(failure('SMP_TIMEOUT', false)),
    });
    await until('it verifies', () => rig!.called('verifyReadback') > 0);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(rig!.called('revokeCertificate')).toBe(1);
    expect(rig!.calls.findLast((call) => call.name === 'recordFailure')!.input).toMatchObject({
      outcome: 'HOLD',
      code: 'CANCELLED',
    });
  });

  it('passes when it is cancelled with its board proven, which may be in the good tray', async () => {
    let mended = false;
    const handle = await startUnit({
      registerDevice: async () => {
        if (!mended) throw failure('REGISTRY_UNAVAILABLE', false);
      },
    });
    await until('it registers', () => rig!.called('registerDevice') > 0);
    await handle.cancel();
    mended = true;
    expect(await handle.result()).toMatchObject({ outcome: 'PASS' });
    expect([rig!.called('revokeCertificate'), rig!.called('recordFailure')]).toEqual([0, 0]);
  });

  it('says which board must come back, when it is cancelled and the registry does not take its pass', async () => {
    let isGone = false;
    const handle = await startUnit({
      registerDevice: async () => {
        throw failure('REGISTRY_UNAVAILABLE', isGone);
      },
    });
    await until('it registers', () => rig!.called('registerDevice') > 0);
    isGone = true;
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const tray = /Its tile said PASS: take board \S+ back from the good tray\./;
    expect(rig!.calls.findLast((call) => call.name === 'recordFailure')!.input).toMatchObject({
      outcome: 'HOLD',
      code: 'CANCELLED',
      message: expect.stringMatching(tray),
      reason: expect.stringMatching(tray),
    });
  });

  it('passes with a cache of none: every task replays', async () => {
    const handle = await startUnit(
      { flashCredentials: failing(1, 'SMP_TIMEOUT') },
      { maxCachedWorkflows: 0 },
    );
    await untilAttention(handle);
    await handle.executeUpdate('retry');
    expect(await handle.result()).toMatchObject({ outcome: 'PASS', attempts: 2 });
  });
});
