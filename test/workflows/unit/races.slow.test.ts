import { WorkflowFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { MESSAGES } from '../../../provisioning/messages.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitState } from '../../../provisioning/unit.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { ScriptedActivities } from '../rig.ts';
import type { ActivateCertificatesInput } from '../../../provisioning/signing.ts';
import { until } from '../../support/until.ts';

let rig: Awaited<ReturnType<typeof startRig>> | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const input = (quantity: number) => ({
  batchId: 'B',
  order: 'PO-1',
  manifest: 'lot.csv',
  quantity,
  window: 4,
});

async function startBatch(rows: number, script: Partial<ScriptedActivities>) {
  const units = Array.from({ length: rows }, (_, index) => ({ serial: `CL-${index + 1}`, product: PRODUCT }));
  rig = await startRig({ loadChunk: async () => units, ...script });
  return await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [input(rows)],
  });
}

function gate(): { opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** Whether a workflow has dealt with the end of so many children. */
async function hasSeenEnd(workflowId: string, children: number): Promise<boolean> {
  const handle = rig!.client.workflow.getHandle(workflowId);
  const events = (await handle.fetchHistory().catch(() => undefined))?.events ?? [];
  const ended = events.filter((event) => event.childWorkflowExecutionCompletedEventAttributes);
  const last = events.findLast((event) => event.workflowTaskCompletedEventAttributes);
  return ended.length === children && Number(last?.eventId) > Number(ended.at(-1)?.eventId);
}

describe('a chunk', () => {
  it('activates the certificate of a unit that passes while the others are being activated', async () => {
    const activating = gate();
    const secondPassed = gate();
    const handle = await startBatch(2, {
      registerDevice: async ({ unit }) => (unit.serial === 'CL-2' ? activating.opened : undefined),
      activateCertificates: async ({ passes }) => {
        if (!passes.some(({ requestId }) => requestId.includes('CL-1'))) return [];
        activating.open();
        await secondPassed.opened;
        return [];
      },
    });
    await until('the chunk knows that both passed', () => hasSeenEnd('batch/B/chunk-00001', 2));
    secondPassed.open();
    await handle.result();
    const activated = rig!.calls
      .filter(({ name }) => name === 'activateCertificates')
      .flatMap((call) => (call.input as ActivateCertificatesInput).passes.map(({ requestId }) => requestId));
    expect(activated).toEqual(['B/CL-1/spki-CL-1-1', 'B/CL-2/spki-CL-2-1']);
  });
});

describe('a batch', () => {
  it('that is cancelled before anything of it ran ends, and is closed', async () => {
    rig = await startRig({}, { orchestratorAbsent: true });
    const handle = await rig.client.workflow.start('batch', {
      workflowId: 'batch/B',
      taskQueue: WORKFLOW_QUEUE,
      args: [input(2)],
    });
    await handle.cancel();
    await rig.startOrchestrator();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(rig.calls.findLast(({ name }) => name === 'closeBatch')).toMatchObject({
      input: { batchId: 'B', cancelled: true },
    });
    expect(rig.calls.at(-1)).toMatchObject({ name: 'neverBegun' });
  });
});

describe('a unit', () => {
  it('that is cancelled while its certificate is signed has it revoked after that, not before', async () => {
    const order: string[] = [];
    const signing = gate();
    const handle = await startBatch(1, {
      signCertificate: async () => {
        signing.open();
        // Long enough for a revocation that would not wait.
        await until('it is too late', () => order.length > 0, 2_000).catch(() => undefined);
        order.push('signed');
        throw failure('SIGNER_FAULT');
      },
      revokeCertificate: async () => void order.push('revoked'),
    });
    await signing.opened;
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(order).toEqual(['signed', 'revoked']);
  });

  it('that is cancelled while it waits ends whole, although its chunk asks meanwhile whether it waits', async () => {
    const recording = gate();
    const handle = await startBatch(1, {
      flashCredentials: async () => Promise.reject(failure('BOARD_GONE')),
      recordFailure: async ({ outcome }) => (outcome === undefined ? undefined : await recording.opened),
    });
    const unit = rig!.client.workflow.getHandle('unit/CL-1');
    await until('it waits', () => rig!.called('recordFailure') === 1);
    await handle.cancel();
    await until('its end is written down', () => rig!.called('recordFailure') === 2);
    await unit.signal('reportAgain');
    await until('it has heard that', async () => {
      const { events } = await unit.fetchHistory();
      const last = events!.findLast((event) => event.workflowTaskCompletedEventAttributes);
      const asked = events!.findLast((event) => event.workflowExecutionSignaledEventAttributes);
      return Number(last?.eventId) > Number(asked?.eventId);
    });
    recording.open();
    await handle.result().catch(() => undefined);
    expect(rig!.called('revokeCertificate')).toBe(1);
  });

  it('takes a decision from the moment it is seen to wait', async () => {
    const recording = gate();
    const handle = await startBatch(1, {
      flashCredentials: async ({ unit }) => {
        if (unit.attempt === 1) throw failure('SMP_DEVICE_ERROR');
      },
      recordFailure: () => recording.opened,
    });
    const unit = rig!.client.workflow.getHandle('unit/CL-1');
    const query = 'ProvStatus="ATTENTION"';
    await until('it is listed', async () => (await rig!.client.workflow.count(query)).count === 1);
    expect((await unit.query<UnitState>(MESSAGES.state)).attention?.code).toBe('SMP_DEVICE_ERROR');
    await expect(unit.executeUpdate(MESSAGES.retry)).resolves.toMatch(/^retry: CL-1/);
    recording.open();
    expect(await handle.result()).toMatchObject({ passed: 1 });
  });
});
