import { WorkflowFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecalledProof } from '../../../provisioning/delivery.ts';
import type {
  RecalledUnit,
  RecallUnitInput,
  RecordFailureInput,
} from '../../../provisioning/registration.ts';
import type { IssuedCertificate } from '../../../provisioning/signing.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitState } from '../../../provisioning/unit.ts';
import { until } from '../../support/until.ts';
import { resetTo } from '../reset-to.ts';
import { failure, goodActivities, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const good = goodActivities();
const IN_TRAY = expect.stringMatching(/take (that|its) board back from the good tray/);
const UNIT = { batchId: 'B', order: 'PO-1', serial: 'CL-1', product: PRODUCT, attempt: 1 };

async function issued(attempt: number): Promise<{ issued: IssuedCertificate }> {
  const signed = await good.signCertificate({ unit: { ...UNIT, attempt } } as never);
  const key = { requestId: `B/CL-1/spki-CL-1-${attempt}`, spkiSha256: `spki-CL-1-${attempt}` };
  return { issued: { attempt, ...key, boardId: 'b01', stationId: 'st-1', signed } };
}

async function proven(): Promise<RecalledProof> {
  return { socket: '3', verified: await good.verifyReadback({ unit: UNIT } as never) };
}

/**
 * A unit whose registration hangs after its board was proven is reset to its first event; then the registry takes it.
 * `recalled` is what it has of the unit by then.
 */
async function resetBeforeRegistration(
  script: Partial<ScriptedActivities>,
  recalled: RecalledUnit = { attempt: 0 },
): Promise<void> {
  let isReset = false;
  rig = await startRig({
    registerDevice: async () => {
      if (!isReset) throw failure('REGISTRY_FAULT', false);
    },
    recallUnit: async () => (isReset ? recalled : { attempt: 0 }),
    ...script,
  });
  const options = { workflowId: 'unit/CL-1', taskQueue: WORKFLOW_QUEUE };
  const { serial, product, batchId, order } = UNIT;
  await rig.client.workflow.start('unit', {
    ...options,
    args: [{ batchId, order, unit: { serial, product } }],
  });
  await until('its registration is tried', () => rig!.called('registerDevice') > 0);
  isReset = true;
  await resetTo(rig, 'unit/CL-1', 'first');
}

const registered = () => rig!.calls.filter(({ name }) => name === 'registerDevice').at(-1)!.input;
const handle = () => rig!.client.workflow.getHandle('unit/CL-1');
const state = async (): Promise<UnitState> => await handle().query<UnitState>('state');

describe('a unit that is reset after its board was proven, and before it is registered', () => {
  it('is registered with that board, which may be in the good tray by now', async () => {
    await resetBeforeRegistration({ recallCertificate: () => issued(1), recallProof: proven });
    expect(await handle().result()).toMatchObject({
      outcome: 'PASS',
      attempts: 1,
      boardId: 'b01',
      fingerprint: 'fp-CL-1-1',
      requestId: 'B/CL-1/spki-CL-1-1',
      pass: { attempt: 1 },
    });
    expect(registered()).toMatchObject({
      unit: { attempt: 1 },
      claim: { stationId: 'st-1', socket: '3', boardId: 'b01' },
      spkiSha256: 'spki-CL-1-1',
    });
    expect(rig!.called('generateKeypair')).toBe(1);
  });

  it.each([
    ['REGISTRY_FAULT', 1],
    ['PASS_UNPROVEN', 1],
    ['REGISTRY_CONFLICT', 1],
    ['REGISTRY_FAULT', 2],
  ] as const)(
    'is registered with it, too, where that waits for a person: %s, attempt %i',
    async (code, last) => {
      const asked = { recallCertificate: () => issued(1), recallProof: proven };
      await resetBeforeRegistration(asked, { attempt: last, code });
      const end = { outcome: 'PASS', attempts: last, boardId: 'b01', fingerprint: 'fp-CL-1-1' };
      expect(await handle().result()).toMatchObject({ ...end, pass: { attempt: 1 } });
      expect(registered()).toMatchObject({ unit: { attempt: last }, claim: { boardId: 'b01' } });
      expect(rig!.called('generateKeypair')).toBe(1);
    },
  );

  it('makes an attempt for which the intake has not given its word yet, where nothing was proven', async () => {
    await resetBeforeRegistration(
      { recallCertificate: async () => ({}), recallProof: async () => ({}) },
      { attempt: 0, released: 4 },
    );
    expect(await handle().result()).toMatchObject({ outcome: 'PASS', attempts: 5 });
    const asked = rig!.calls.findLast(({ name }) => name === 'releaseAttempt')!.input;
    expect(asked).toMatchObject({ unit: { attempt: 5 } });
  });

  it('waits again with it where its registration fails again', async () => {
    let isRepaired = false;
    const registerDevice = async (): Promise<void> => {
      // Before the reset it is tried again and again.
      if (!isRepaired) throw failure('PASS_UNPROVEN', rig!.called('recallProof') > 0);
    };
    const asked = { recallCertificate: () => issued(1), recallProof: proven };
    await resetBeforeRegistration({ ...asked, registerDevice }, { attempt: 1, code: 'PASS_UNPROVEN' });
    await until('it waits', async () => (await state()).attention !== undefined);
    expect(await state()).toMatchObject({ attempt: 1, step: 'registerDevice', boardId: 'b01' });
    isRepaired = true;
    await handle().executeUpdate('retry');
    expect(await handle().result()).toMatchObject({ outcome: 'PASS', boardId: 'b01' });
    expect(rig!.called('generateKeypair')).toBe(1);
  });

  it('waits for a person where its attempt failed before its registration: a retry may have wiped the board', async () => {
    const asked = { recallCertificate: () => issued(1), recallProof: proven };
    await resetBeforeRegistration(asked, { attempt: 1, code: 'STATION_UNREACHABLE' });
    await until('it waits', async () => (await state()).attention !== undefined);
    expect(await state()).toMatchObject({
      attention: { code: 'STATION_FAULT' },
      message: expect.stringContaining('take that board back from the good tray'),
    });
    await handle().executeUpdate('retry');
    expect(await handle().result()).toMatchObject({ outcome: 'PASS', boardId: 'b04' });
  });

  it.each<[string, Partial<ScriptedActivities>, RecalledUnit?]>([
    ['nothing was proven', { recallCertificate: () => issued(1) }],
    [
      'it failed, and nothing was proven',
      {
        recallCertificate: () => issued(1),
      },
      { attempt: 1, code: 'READ_BACK_DIFFERS' },
    ],
    ['no certificate was issued', {}],
    [
      'nobody says why what was proven failed, as in a rework',
      {
        recallCertificate: () => issued(1),
        recallProof: proven,
      },
      { attempt: 1 },
    ],
  ])('gets another board where %s', async (_why, script, recalled) => {
    await resetBeforeRegistration(script, recalled);
    expect(await handle().result()).toMatchObject({
      outcome: 'PASS',
      boardId: expect.not.stringMatching('b01'),
    });
    expect(rig!.called('generateKeypair')).toBe(2);
  });

  it.each<[string, Partial<ScriptedActivities>, number]>([
    ['nothing was proven', {}, 1],
    [
      'its station does not say',
      {
        recallProof: async () => {
          throw failure('STATION_FAULT');
        },
      },
      1,
    ],
    ['it is registered with it', { recallProof: proven }, 0],
  ])('has the registry note what was signed for that board where %s', async (_why, script, notes) => {
    await resetBeforeRegistration({ recallCertificate: () => issued(1), ...script });
    const isOver = async (): Promise<boolean> =>
      rig!.called('registerDevice') > 1 || (await state()).attention !== undefined;
    await until('it continues', isOver);
    const noted = rig!.calls
      .filter(({ name }) => name === 'recallUnit')
      .map(({ input }) => (input as RecallUnitInput).boardCertificate)
      .filter((each) => each !== undefined);
    const { signed } = (await issued(1)).issued;
    const note = { boardId: 'b01', certificate: signed.certificate };
    expect(noted).toEqual([note].slice(0, notes));
  });

  it('waits for a person where its station does not say', async () => {
    await resetBeforeRegistration({
      recallCertificate: () => issued(1),
      recallProof: async () => {
        throw failure('STATION_FAULT');
      },
    });
    await until('it waits', async () => (await state()).attention !== undefined);
    expect(await state()).toMatchObject({
      attention: { code: 'STATION_UNREACHABLE' },
      message: expect.stringContaining('take that board back from the good tray'),
    });
    await handle().executeUpdate('retry');
    expect(await handle().result()).toMatchObject({ outcome: 'PASS' });
    expect(rig!.called('generateKeypair')).toBe(2);
  });
});

describe('a unit that is reset while the signer does not say what it signed', () => {
  it.each([
    ['nothing is recorded of it', { attempt: 0 }],
    ['only its registration failed', { attempt: 1, code: 'PASS_UNPROVEN' as const }],
  ])('waits, and continues with its board once the signer says it: %s', async (_how, recalled) => {
    let isRepaired = false;
    await resetBeforeRegistration(
      {
        recallCertificate: async () => {
          if (!isRepaired) throw failure('LEDGER_CORRUPT');
          return await issued(1);
        },
        recallProof: proven,
      },
      recalled,
    );
    for (const attempt of [1, 2]) {
      await until('it waits', async () => (await state()).attention?.attempt === attempt);
      expect(await state()).toMatchObject({ attention: { code: 'LEDGER_CORRUPT' }, message: IN_TRAY });
      isRepaired = attempt === 2;
      await handle().executeUpdate('retry');
    }
    // The registry takes none before the last attempt that it knows as failed.
    const end = { outcome: 'PASS', attempts: 3, boardId: 'b01', pass: { attempt: 1 } };
    expect(await handle().result()).toMatchObject(end);
    expect(rig!.called('generateKeypair')).toBe(1);
  });
});

describe('a unit that is reset after its board was proven, and cancelled before it knows that', () => {
  /** It is cancelled while it asks for its certificate. The answer comes after that. */
  async function cancelledWhileAsking(script: Partial<ScriptedActivities>): Promise<void> {
    const held = Promise.withResolvers<void>();
    await resetBeforeRegistration({
      recallCertificate: async () => {
        await held.promise;
        return await issued(1);
      },
      ...script,
    });
    await until('it asks', () => rig!.called('recallCertificate') > 0);
    await handle().cancel();
    held.resolve();
  }

  it('passes with that board, whose tile said PASS', async () => {
    await cancelledWhileAsking({ recallProof: proven });
    expect(await handle().result()).toMatchObject({ outcome: 'PASS', boardId: 'b01', pass: { attempt: 1 } });
    expect(rig!.called('generateKeypair')).toBe(1);
    expect(rig!.called('revokeCertificate')).toBe(0);
  });

  it.each<[string, Partial<ScriptedActivities>, unknown]>([
    ['its station does not say', { recallProof: () => Promise.reject(failure('STATION_FAULT')) }, IN_TRAY],
    ['nothing was proven', {}, undefined],
  ])('ends as HOLD where %s', async (_why, script, message) => {
    await cancelledWhileAsking(script);
    await expect(handle().result()).rejects.toBeInstanceOf(WorkflowFailedError);
    const { input } = rig!.calls.findLast(({ name }) => name === 'recordFailure')!;
    expect(input).toMatchObject({ outcome: 'HOLD', code: 'CANCELLED' });
    expect((input as RecordFailureInput).message).toEqual(message);
    expect(rig!.called('revokeCertificate')).toBe(1);
  });
});
