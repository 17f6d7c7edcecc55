import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { GeneratedKeypair } from '../../../provisioning/claim.ts';
import type { ReworkInput, ReworkState } from '../../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { until } from '../../support/until.ts';
import { failure, startRig } from '../rig.ts';
import { SERIAL, UNIT } from './rework-unit.ts';

let rig: Awaited<ReturnType<typeof startRig>> | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

/** A rekey whose station does this in its first step; without, its board is in no socket. */
async function startRekey(generateKeypair?: () => Promise<GeneratedKeypair>): Promise<WorkflowHandle> {
  const openRework = async () => ({ units: [UNIT], refusals: [] });
  const ownBoards = generateKeypair === undefined ? [] : [SERIAL];
  rig = await startRig({ openRework, ...(generateKeypair && { generateKeypair }) }, { ownBoards });
  const said = { reason: 'why', by: 'who' };
  const input: ReworkInput = { reworkId: 'RW-1', kind: 'rekey', ...said, serials: [SERIAL], signed: '' };
  const options = { workflowId: 'rework/RW-1', taskQueue: WORKFLOW_QUEUE };
  return await rig.client.workflow.start('rework', { ...options, args: [input] });
}

async function skipOnceItWaits(): Promise<void> {
  await until('it is recorded that it waits', () => rig!.called('recordReworkFailure') > 0);
  const unit = rig!.client.workflow.getHandle(`unit/${SERIAL}`);
  await unit.executeUpdate('skip', { args: [{ reason: 'because', by: 'A. Tester' }] });
}

const after = async (handle: WorkflowHandle): Promise<ReworkState> => {
  await until('its unit has ended', () => rig!.called('rewriteResult') > 0);
  return await handle.query<ReworkState>('reworkState');
};

/** The board is wiped, by every record: the old certificate ends with it, and the unit after that. */
function expectWiped(): void {
  const ends = ['recordWipe', 'endReworkUnit', 'endRework'];
  const calls = rig!.calls.filter(({ name }) => ends.includes(name));
  expect(calls.map(({ name }) => name)).toEqual(ends);
  expect(calls[1]!.input).toMatchObject({ result: 'ended', outcome: { outcome: 'HOLD' } });
  expect(calls[2]!.input).toMatchObject({ revokesActive: true });
}

function expectKept(): void {
  expect(rig!.called('recordWipe')).toBe(0);
  expect(rig!.calls.find(({ name }) => name === 'endReworkUnit')!.input).toMatchObject({ result: 'kept' });
  expect(rig!.calls.find(({ name }) => name === 'endRework')!.input).toMatchObject({ revokesActive: false });
}

describe('a rekey that ends in its first step', () => {
  it.each(['SMP_DEVICE_ERROR', 'LINK_LOST', 'STATION_FAULT'])(
    'may have wiped its board where that failed with %s',
    async (code) => {
      const handle = await startRekey(async () => Promise.reject(failure(code)));
      await skipOnceItWaits();
      expect(await after(handle)).toMatchObject({ ended: 1 });
      expectWiped();
    },
  );

  it.each(['NO_BOARD', 'BOARD_GONE', 'BOARD_TAKEN', 'PERMIT_INVALID'])(
    'leaves its unit as it was where that failed with %s, before anything was written',
    async (code) => {
      const handle = await startRekey(async () => Promise.reject(failure(code)));
      await skipOnceItWaits();
      expect(await after(handle)).toMatchObject({ kept: 1 });
      expectKept();
    },
  );

  it('may have wiped its board in a try before the last one', async () => {
    let tries = 0;
    const handle = await startRekey(async () => {
      tries += 1;
      throw tries === 1 ? failure('LINK_LOST', false) : failure('NO_BOARD');
    });
    await skipOnceItWaits();
    expect(tries).toBe(2);
    expect(await after(handle)).toMatchObject({ ended: 1 });
    expectWiped();
  });

  it('is tried as often as the table of failures says', async () => {
    let tries = 0;
    await startRekey(async () => {
      tries += 1;
      throw failure('SMP_DEVICE_ERROR', false);
    });
    await until('it waits', () => rig!.called('recordReworkFailure') > 0);
    expect(tries).toBe(3);
  });

  it('may have wiped its board where it is cancelled while a station writes', async () => {
    const handle = await startRekey(async () => {
      const beating = setInterval(() => Context.current().heartbeat(), 500);
      return await Context.current().cancelled.finally(() => clearInterval(beating));
    });
    await until('the station writes', () => rig!.called('generateKeypair') > 0);
    await handle.cancel();
    expect(await after(handle)).toMatchObject({ ended: 1 });
    expectWiped();
  });

  it('leaves its unit as it was where it is cancelled before a station had its board', async () => {
    const handle = await startRekey();
    await until('it waits for its board', () => rig!.called('permitAttempt') > 0);
    await handle.cancel();
    expect(await after(handle)).toMatchObject({ kept: 1 });
    expectKept();
  });
});
