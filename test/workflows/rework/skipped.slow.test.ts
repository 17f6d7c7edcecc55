import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { openIntakeKey } from '../../../line/trusted-keys.ts';
import type { ReworkInput, ReworkKind, ReworkState } from '../../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { startBench } from '../../cli/batch/bench.ts';
import { until } from '../../support/until.ts';
import { failure, startRig } from '../rig.ts';
import type { ScriptedActivities } from '../rig.ts';
import { SERIAL, UNIT } from './rework-unit.ts';

let rig: Awaited<ReturnType<typeof startRig>> | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const SAID = { reason: 'the board is lost', by: 'A. Berg' };

/** A rework that waits for the board of its unit; with a script, the board is there. */
async function startRework(
  kind: ReworkKind,
  script?: Partial<ScriptedActivities>,
): Promise<{ rework: WorkflowHandle; unit: WorkflowHandle }> {
  // No station has a board of this product.
  const openRework = async () => ({ units: [{ ...UNIT, product: 'of-no-socket' }], refusals: [] });
  rig = await startRig({ openRework, ...script }, { ownBoards: script === undefined ? [] : [SERIAL] });
  const input: ReworkInput = { reworkId: 'RW-1', kind, ...SAID, serials: [SERIAL], signed: '' };
  const options = { workflowId: 'rework/RW-1', taskQueue: WORKFLOW_QUEUE };
  const rework = await rig.client.workflow.start('rework', { ...options, args: [input] });
  await until('its attempt is permitted', () => rig!.called('permitAttempt') > 0);
  return { rework, unit: rig.client.workflow.getHandle(`unit/${SERIAL}`) };
}

const skip = async (unit: WorkflowHandle): Promise<string> =>
  await until('it can be skipped', () =>
    unit.executeUpdate<string, [object]>('skip', { args: [SAID] }).catch((error: unknown) => {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      return undefined;
    }),
  );

const inputOf = (name: keyof ScriptedActivities): unknown =>
  rig!.calls.find((call) => call.name === name)?.input;

describe('a unit in a rework that waits for its board', { timeout: 60_000 }, () => {
  it.each(['renew', 'rekey', 'swap'] as const)('stays as it was when its %s is skipped', async (kind) => {
    const { rework, unit } = await startRework(kind);
    expect(await skip(unit)).toContain('no longer waits for a board');
    expect(await rework.result()).toMatchObject({ phase: 'closed', kept: 1 });
    expect(inputOf('endReworkUnit')).toMatchObject({
      result: 'kept',
      failure: { code: 'NO_BOARD' },
      decision: { verdict: 'skip', ...SAID },
    });
    expect(inputOf('endRework')).toMatchObject({ revokesActive: false });
    expect(rig!.called('recordWipe')).toBe(0);
    expect(await unit.result()).toMatchObject({ outcome: 'PASS', fingerprint: 'fp-old', result: 'kept' });
  });

  it('is on hold where it is skipped between two tries, of which one may have wiped its board', async () => {
    const { rework, unit } = await startRework('rekey', {
      generateKeypair: async () => Promise.reject(failure('LINK_LOST', false)),
    });
    await until('a try has failed', () => rig!.called('recordWipe') > 0);
    await skip(unit);
    await until('it has ended', () => rig!.called('rewriteResult') > 0);
    expect(await rework.query<ReworkState>('reworkState')).toMatchObject({ ended: 1 });
    expect(inputOf('endReworkUnit')).toMatchObject({
      outcome: { outcome: 'HOLD' },
      decision: { verdict: 'skip' },
    });
    expect(inputOf('endRework')).toMatchObject({ revokesActive: true });
  });

  it('is on hold where it is skipped while a station writes to its board', async () => {
    const { rework, unit } = await startRework('rekey', {
      generateKeypair: async () => {
        const beating = setInterval(() => Context.current().heartbeat(), 500);
        return await Context.current().cancelled.finally(() => clearInterval(beating));
      },
    });
    await until('the station writes', () => rig!.called('generateKeypair') > 0);
    await skip(unit);
    await until('it has ended', () => rig!.called('rewriteResult') > 0);
    expect(await rework.query<ReworkState>('reworkState')).toMatchObject({ ended: 1 });
    expect(inputOf('endReworkUnit')).toMatchObject({ outcome: { outcome: 'HOLD', code: 'CANCELLED' } });
  });
});

it('is given up with what certline rework show says, and reworked again', { timeout: 120_000 }, async () => {
  const bench = await startBench(['CL-1'], []);
  const { place, registry } = bench;
  await bench.rig.client.workflow.getHandle('batch/PO-1').result();
  openIntakeKey(place.state);
  const list = join(place.state, 'serials.txt');
  writeFileSync(list, 'CL-1\n');
  const said = ['--reason', SAID.reason, '--by', SAID.by];
  const create = ['rework', 'create', '--serials', list, '--kind', 'rekey', ...said];
  const created = await place.certline(...create);
  const id = /RW-\d{8}-[0-9a-f]{6}/.exec(created.stdout)![0];
  await until('its attempt is permitted', () => bench.rig.called('permitAttempt') === 1);
  const shown = await place.certline('rework', 'show', id);
  expect(shown.stdout).toMatch(/CL-1 +open +.*certline unit skip CL-1/);
  expect(shown.stdout).toContain('A unit that is open waits for its board');
  await until('it can be skipped', async () => {
    const { status } = await place.certline('unit', 'skip', 'CL-1', ...said);
    return status === 0;
  });
  expect(await bench.rig.client.workflow.getHandle(`rework/${id}`).result()).toMatchObject({ kept: 1 });
  expect((await place.certline('rework', 'show', id)).stdout).not.toContain('certline unit skip');
  expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'PASS', certificates: [{ state: 'active' }] });
  expect(await place.certline(...create)).toMatchObject({ status: 0 });
});
