import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { decidedNow } from '../../../provisioning/decision.ts';
import type {
  OpenedReworkUnit,
  RecalledRework,
  ReworkInput,
  ReworkKind,
} from '../../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { until } from '../../support/until.ts';
import { resetTo } from '../reset-to.ts';
import { failure, startRig } from '../rig.ts';
import type { ScriptedActivities } from '../rig.ts';
import { SERIAL, UNIT } from './rework-unit.ts';

/*
 * What people press in Temporal's UI on a rework, and on a unit in one.
 */
let rig: Awaited<ReturnType<typeof startRig>> | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const INPUT: ReworkInput = {
  reworkId: 'RW-1',
  kind: 'rekey',
  reason: 'why',
  by: 'who',
  serials: [SERIAL],
  signed: '',
};

/** What the registry has, and whether the board is bad. */
interface Line {
  isBad: boolean;
  opened: OpenedReworkUnit;
  recalled: RecalledRework;
}

async function startRework(
  line: Partial<Line> = {},
  kind: ReworkKind = 'rekey',
): Promise<Line & { handle: WorkflowHandle }> {
  const given = { isBad: false, opened: UNIT, recalled: { attempt: 1, fingerprint: 'fp-old' }, ...line };
  const script: Partial<ScriptedActivities> = {
    openRework: async () => ({ units: [given.opened], refusals: [] }),
    recallReworkUnit: async () => given.recalled,
    endReworkUnit: async ({ result }) => given.recalled.result ?? result,
    flashCredentials: async () => {
      if (given.isBad) throw failure('SMP_DEVICE_ERROR');
    },
  };
  rig = await startRig(script, { ownBoards: [SERIAL] });
  return Object.assign(given, { handle: await start({ ...INPUT, kind }) });
}

async function start(input: ReworkInput): Promise<WorkflowHandle> {
  return await rig!.client.workflow.start('rework', {
    workflowId: 'rework/RW-1',
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
  });
}

const untilCalled = async (name: keyof ScriptedActivities, times = 1): Promise<void> => {
  await until(`${name} was called`, () => rig!.called(name) >= times);
};
const inputsOf = (name: keyof ScriptedActivities): unknown[] =>
  rig!.calls.filter((call) => call.name === name).map(({ input }) => input);
const unitOf = (): WorkflowHandle => rig!.client.workflow.getHandle(`unit/${SERIAL}`);

describe('somebody pressed Terminate', { timeout: 120_000 }, () => {
  it('on a rework: its units give up, and the result of their batch is written', async () => {
    const { handle } = await startRework({ isBad: true });
    await untilCalled('recordReworkFailure');
    await handle.terminate();
    await untilCalled('rewriteResult');
    expect(inputsOf('endReworkUnit')).toMatchObject([{ result: 'ended', outcome: { code: 'CANCELLED' } }]);
    expect(inputsOf('rewriteResult')).toEqual([{ batchId: 'B' }]);
  });

  it.each([
    ['rekey', 'ended', true],
    ['renew', 'kept', false],
  ] as const)(
    'on a rework and on its unit: recovering it ends what is open of a %s as %s, and begins nothing',
    async (kind, result, revokesActive) => {
      const { handle } = await startRework({ isBad: true }, kind);
      await untilCalled('recordReworkFailure');
      await unitOf().terminate();
      await handle.terminate();
      await until('both are over', async () => (await handle.describe()).status.name === 'TERMINATED');
      const before = rig!.calls.length;
      const recovery = decidedNow('recover', { reason: 'was terminated', by: 'A. Berg' });
      const again = await start({ ...INPUT, kind, recovery });
      expect(await again.result()).toMatchObject({ phase: 'closed', [result]: 1 });
      const names = rig!.calls.slice(before).map(({ name }) => name);
      // What was signed is asked for: a board that carries it is named.
      const asked = ['openRework', 'unfinishedCertificates', 'endReworkUnit', 'endRework', 'rewriteResult'];
      expect(names).toEqual(asked);
      expect(inputsOf('endReworkUnit').at(-1)).toMatchObject({ result, decision: { by: 'A. Berg' } });
      expect(inputsOf('endRework').at(-1)).toMatchObject({ revokesActive });
    },
  );

  it('on a unit that was registered already: its new certificate is activated', async () => {
    const line = await startRework({ isBad: true });
    await untilCalled('recordReworkFailure');
    line.recalled = { attempt: 2, fingerprint: 'fp-CL-1-2', outcome: 'PASS', result: 'done' };
    await unitOf().terminate();
    expect(await line.handle.result()).toMatchObject({ done: 1 });
    // Once to name the board, once to activate.
    expect(rig!.called('unfinishedCertificates')).toBe(2);
    expect(inputsOf('endRework')).toMatchObject([{ revokesActive: false }]);
  });
});

describe('somebody pressed Reset', { timeout: 120_000 }, () => {
  it('on a rework whose unit waits: the unit is begun once, and its end is heard', async () => {
    const line = await startRework({ isBad: true });
    await untilCalled('recordReworkFailure');
    const reset = await resetTo(rig!, 'rework/RW-1', 'first');
    await untilCalled('openRework', 2);
    line.isBad = false;
    await unitOf()
      .executeUpdate('retry')
      .catch(() => undefined);
    line.recalled = { attempt: 3, fingerprint: 'fp-CL-1-3', outcome: 'PASS', result: 'done' };
    expect(await reset.result()).toMatchObject({ phase: 'closed' });
    expect(rig!.called('generateKeypair')).toBeLessThanOrEqual(2);
  });

  it.each(['first', 'last'] as const)(
    'on a rework that has ended, to its %s event: nothing is made',
    async (event) => {
      const line = await startRework();
      expect(await line.handle.result()).toMatchObject({ done: 1 });
      line.opened = { ...UNIT, result: 'done' };
      const reset = await resetTo(rig!, 'rework/RW-1', event);
      expect(await reset.result()).toMatchObject({ phase: 'closed', done: 1 });
      expect(rig!.called('generateKeypair')).toBe(1);
    },
  );

  it('on a rework that was terminated, and whose units have ended: it ends', async () => {
    const { handle } = await startRework({ isBad: true });
    await untilCalled('recordReworkFailure');
    await handle.terminate();
    await untilCalled('rewriteResult');
    const reset = await resetTo(rig!, 'rework/RW-1', 'last');
    expect(await reset.result()).toMatchObject({ phase: 'closed', ended: 1 });
  });

  it('on a unit that was scrapped after its PASS: it stays scrapped', async () => {
    const line = await startRework({}, 'scrap');
    expect(await line.handle.result()).toMatchObject({ done: 1 });
    line.recalled = { attempt: 1, outcome: 'FAIL', code: 'SCRAPPED', result: 'done' };
    const reset = await resetTo(rig!, `unit/${SERIAL}`, 'first');
    expect(await reset.result()).toMatchObject({ outcome: 'FAIL', code: 'SCRAPPED' });
    expect(rig!.called('wipeBoard')).toBe(1);
  });

  it('on a unit whose board was wiped, and that then gives up: no certificate of it stays valid', async () => {
    const line = await startRework({ isBad: true });
    await untilCalled('recordReworkFailure');
    line.recalled = { attempt: 2 };
    await resetTo(rig!, `unit/${SERIAL}`, 'first');
    await untilCalled('recordReworkFailure', 2);
    await until('it waits', async () => {
      const { attention } = await unitOf()
        .query<{ attention?: object }>('state')
        .catch(() => ({ attention: undefined }));
      return attention !== undefined;
    });
    await unitOf().executeUpdate('skip');
    expect(await line.handle.result()).toMatchObject({ phase: 'closed', ended: 1 });
    const attempts = inputsOf('generateKeypair').map(
      (input) => (input as { unit: { attempt: number } }).unit.attempt,
    );
    expect(attempts).toEqual([2, 4]);
    expect(inputsOf('endRework').at(-1)).toMatchObject({ revokesActive: true });
  });
});
