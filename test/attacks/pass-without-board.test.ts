import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificatePayload } from '../../activities/certificate-payload.ts';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import type { RegistryParts } from '../../activities/registry-activities.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { factoryKeysIn } from '../../line/trusted-keys.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { signPass } from '../../pki/signing/pass-statement.ts';
import type { SigningRequest } from '../../pki/signing/signing-desk.ts';
import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import type { RegisterDeviceInput } from '../../provisioning/registration.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { registryParts } from '../activities/trust.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import { makeCa } from '../pki/leaf.ts';
import { askFor, openDesk, passOf } from '../pki/signing/desk.ts';
import { makeLine, release } from '../pki/signing/signing-line.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const [ca, strangersCa] = [await makeCa(folder), await makeCa(folder)];
const [station, stranger] = ['st-1', 'st-9'].map((id) =>
  ensureStationKey(join(folder, `${id}.key.pem`), id),
) as [ReturnType<typeof ensureStationKey>, ReturnType<typeof ensureStationKey>];

/** A registry with three units of one batch, and whoever schedules steps on its queue. */
async function registryWith(parts: Partial<RegistryParts> = {}) {
  const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
  const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
  await registry.importBatch({ ...batch, quantity: 3 }, rows('CL-1', 'CL-2', 'CL-3'));
  const trust = {
    products: [{ ...PRODUCT, name: 'sensor' }],
    issuers: ca.chain,
    stationKeys: (id: string) => (id === 'st-1' ? [station.verifier] : []),
  };
  const activities = createRegistryActivities(
    registryParts(registry, temporaryFolder(), { ...trust, ...parts }),
  );
  const as = <T>(workflowId: string, run: () => Promise<T>) => asActivity(run, Date.now(), workflowId);
  return { registry, activities, as };
}

async function* rows(...serials: string[]) {
  for (const serial of serials) yield { serial, product: 'sensor', attrs: {} };
}

async function certified(by: typeof ca, request: SigningRequest): Promise<CertificateRecord> {
  const line = makeLine(temporaryFolder(), by);
  const { serial } = request.statement;
  await release(line, [serial]);
  const { requestId, batchId, product, attempt, boardId } = request.statement;
  return await line.issuer.issue({ requestId, batchId, serial, product, attempt, boardId, csr: request.csr });
}

/** A registration of CL-1 as the workflow sends it. */
async function honest(by = ca): Promise<RegisterDeviceInput> {
  const request = askFor('CL-1');
  const record = await certified(by, request);
  const { stationId, boardId, spkiSha256, permit: _permit, requestId: _id, at, ...unit } = request.statement;
  const { pass } = passOf(request, record, station);
  return {
    unit,
    claim: { stationId, socket: '1', boardId },
    signed: certificatePayload(record),
    spkiSha256,
    startedAt: at,
    verified: { verifiedAt: pass!.verifiedAt, evidence: {}, pass: pass! },
  };
}

const CONFLICT = expect.objectContaining({ type: 'REGISTRY_CONFLICT', nonRetryable: true }) as Error;
const UNPROVEN = expect.objectContaining({ type: 'PASS_UNPROVEN', nonRetryable: true }) as Error;

describe('a stranger who says that a unit has passed', () => {
  it('is not believed, and the station that proved it is', async () => {
    const { registry, activities, as } = await registryWith();
    const input = await honest();
    const register = (changes: Partial<RegisterDeviceInput>) =>
      as('unit/CL-1', () => activities.registerDevice({ ...input, ...changes }));
    const { verified, unit, claim, signed } = input;
    const { pass } = verified;
    const signedBy = (key: typeof station, stationId: string) => {
      const facts = {
        ...unit,
        ...claim,
        spkiSha256: input.spkiSha256,
        certificateSha256: signed.fingerprint,
      };
      return signPass(facts, { ...pass!, stationId }, key.privateKey);
    };
    const byStranger = { ...verified, pass: signedBy(stranger, 'st-1') };
    const { evidenceSha256: _digest, ...earlier } = pass!;
    const forged: Partial<RegisterDeviceInput>[] = [
      { verified: { verifiedAt: verified.verifiedAt, evidence: {} } },
      { verified: byStranger },
      { verified: { ...verified, pass: signedBy(stranger, 'st-9') }, claim: { ...claim, stationId: 'st-9' } },
      { verified: { ...verified, pass: signedBy(station, 'st-9') } },
      { unit: { ...unit, serial: 'CL-2' } },
      { unit: { ...unit, attempt: 0 } },
      { unit: { ...unit, batchId: 'b2' } },
      { unit: { ...unit, product: 'pump' } },
      { claim: { ...claim, boardId: 'deadbeef' } },
      { verified: { ...verified, verifiedAt: '2026-01-01T00:00:00.000Z' } },
      { verified: { ...verified, evidence: { firmware: '9.9.9' } } },
      { verified: { ...verified, evidence: { firmware: '9.9.9' }, pass: earlier } },
      { claim: { ...claim, socket: '2' } },
      { claim: { ...claim, socket: '2' }, verified: { ...verified, pass: { ...pass!, socket: '2' } } },
      { signed: { ...signed, notAfter: '2027-01-01T00:00:00.000Z' } },
      { signed: { ...signed, certificateSerial: '01' } },
    ];
    for (const changes of forged) await expect(register(changes)).rejects.toThrow(UNPROVEN);
    expect((await registry.unit('CL-1'))!.outcome).toBeUndefined();
    await register({});
    expect((await registry.unit('CL-1'))!.outcome).toBe('PASS');
  });

  it('cannot do so with a certificate of a CA of his own, not even with the key of a station', async () => {
    const { activities, as } = await registryWith();
    const input = await honest(strangersCa);
    await expect(as('unit/CL-1', () => activities.registerDevice(input))).rejects.toThrow(UNPROVEN);
  });
});

describe('a pass that a station signed before it got another key', () => {
  it('is registered where a person left its earlier key in the list of stations, and only there', async () => {
    const list = join(temporaryFolder(), 'station-keys');
    const keys = [join(temporaryFolder(), 'station.key.pem'), join(folder, 'st-1.key.pem')].map((path) =>
      verifierText(ensureStationKey(path, 'st-1').verifier),
    );
    writeFileSync(list, `${keys[0]}\n`);
    const { activities, as } = await registryWith(factoryKeysIn({ stationKeysFile: list }));
    const input = await honest();
    const register = () => as('unit/CL-1', () => activities.registerDevice(input));
    await expect(register()).rejects.toThrow(UNPROVEN);
    await expect(register()).rejects.toThrow(/add the earlier one to the list of stations/);
    writeFileSync(list, `${keys.join('\n')}\n`);
    await register();
  });
});

describe('a pass of an attempt that was given up', () => {
  it('is registered for its unit, which was reset and has asked the signer, and for nobody else', async () => {
    const { registry, activities, as } = await registryWith();
    const input = await honest();
    const failed = {
      batchId: 'b1',
      serial: 'CL-1',
      attempt: 1,
      step: 'registerDevice',
      code: 'REGISTRY_FAULT',
    };
    await registry.recordAttention(failed as Parameters<typeof registry.recordAttention>[0]);
    await as('unit/CL-1', () => activities.releaseAttempt({ unit: { ...input.unit, attempt: 2 } }));
    for (const attempt of [1, 2])
      await expect(
        as('evil', () => activities.registerDevice({ ...input, unit: { ...input.unit, attempt } })),
      ).rejects.toThrow(CONFLICT);
    expect((await registry.unit('CL-1'))!.outcome).toBeUndefined();
    await as('unit/CL-1', () => activities.registerDevice(input));
    expect((await registry.unit('CL-1'))!.outcome).toBe('PASS');
  });
});

describe('a certificate becomes active', () => {
  it('by the word of the station that asked for it, and of nobody else', async () => {
    const { desk, ledger } = await openDesk();
    const activities = createSignerActivities(desk);
    const request = askFor('CL-1');
    const record = await desk.sign(request, { askedAt: new Date(), now: new Date() });
    const { requestId } = request.statement;
    const { pass } = passOf(request, record);
    const activate = (input: unknown) =>
      asActivity(() => activities.activateCertificates(input as { passes: [] }));
    const forged = [
      { requestId },
      { requestId, pass: { ...pass!, signature: 'AAAA' } },
      { requestId, pass: { ...pass!, stationId: 'st-9' } },
      { requestId, pass: { ...pass!, attempt: 2 } },
      { requestId, pass: { ...pass!, verifiedAt: '2026-01-01T00:00:00.000Z' } },
      passOf(request, { certificateSha256: 'ab'.repeat(32) }),
      passOf(request, record, stranger),
    ];
    for (const each of forged) expect(await activate({ passes: [each] })).toEqual([requestId]);
    expect(await activate({ requestIds: [requestId] })).toEqual([requestId]);
    const tooMany = Array.from({ length: 251 }, () => ({ requestId: 'x' }));
    for (const passes of [tooMany, [{}], 'all', [{ requestId, pass: 7 }]])
      await expect(activate({ passes })).rejects.toMatchObject({ type: 'REQUEST_INVALID' });
    await ledger.stations.setStationState('st-1', 'stopped', 'looked odd');
    expect(await activate({ passes: [{ requestId, pass }] })).toEqual([requestId]);
    await ledger.stations.setStationState('st-1', 'enrolled', 'in order');
    expect(await ledger.issuances.find(requestId)).toMatchObject({ state: 'issued' });
    expect(await activate({ passes: [{ requestId, pass }] })).toEqual([]);
    expect(await ledger.issuances.find(requestId)).toMatchObject({ state: 'active' });
  });
});

describe('a stranger who says how a unit or a batch ended', () => {
  const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt: 1 };
  const decision = {
    verdict: 'retry',
    by: 'QA Manager',
    reason: 'fine',
    decidedAt: '2999-01-01T00:00:00.000Z',
  };
  const board = {
    stationId: 'st-1',
    socket: '1',
    boardId: 'beef',
    code: 'SMP_TIMEOUT',
    seenAt: '2026-01-01T00:00:00.000Z',
  } as const;

  /** What each workflow alone may say, by its id. */
  function spokenFor(
    activities: Awaited<ReturnType<typeof registryWith>>['activities'],
  ): [workflowId: string, call: () => Promise<unknown>][] {
    const ofRework = { reworkId: 'RW-1', unit: { batchId: 'b1', serial: 'CL-1', attempt: 1 } };
    const failure = { unit, step: 'flashCredentials', code: 'BOARD_GONE', outcome: 'FAIL' } as const;
    const { serial, batchId } = unit;
    return [
      ['unit/CL-1', () => activities.recordFailure(failure)],
      ['unit/CL-1', () => activities.recordDecision({ batchId, serial, attempt: 1, decision })],
      ['unit/CL-1', () => activities.releaseAttempt({ unit })],
      ['unit/CL-1', () => activities.recordWipe(ofRework)],
      ['unit/CL-1', () => activities.endReworkUnit({ ...ofRework, result: 'ended' })],
      ['rework/RW-1', () => activities.refuseRework({ reworkId: 'RW-1', code: 'BOARD_GONE', message: 'no' })],
      ['batch/b1', () => activities.recordTermination({ batchId, serial })],
      ['batch/b1', () => activities.recordRefusal({ batchId, units: [], code: 'ORDER_EXPIRED' })],
      ['batch/b1', () => activities.recordBatchDecision({ batchId, decision })],
      ['batch/b1', () => activities.closeBatch({ batchId, cancelled: false })],
      ['batch/b1', () => activities.freeUnits({ batchId, serials: [serial] })],
      ['batch/b1', () => activities.neverBegun({ batchId, after: 0 })],
      [
        'batch/b1/supplement-1',
        () => activities.openSupplement({ batchId, number: 1, choice: {}, decision }),
      ],
      ['rejected/beef/SMP_TIMEOUT', () => activities.recordRejectedBoard(board)],
    ];
  }

  it('cannot speak for a unit or batch from a workflow of his own', async () => {
    const { registry, activities, as } = await registryWith();
    for (const [workflowId, call] of spokenFor(activities))
      for (const of of ['evil', '', 'unit/CL-2', 'batch/b1x', `${workflowId}/x`, `${workflowId}/chunk-1`])
        await expect(as(of, call)).rejects.toThrow(CONFLICT);
    expect((await registry.batchSummary('b1')).open).toBe(3);
  });

  it('cannot do so under the id of theirs either, with code of his own behind another task queue', async () => {
    const work = {
      unitRuns: async () => false,
      running: async function* () {},
      isOrchestrated: async () => false,
    };
    const { registry, activities, as } = await registryWith({ work });
    for (const [workflowId, call] of spokenFor(activities))
      await expect(as(workflowId, call)).rejects.toThrow(CONFLICT);
    expect((await registry.batchSummary('b1')).open).toBe(3);
    expect(await registry.rejectedBoards(10)).toEqual([]);
    expect((await registry.unit('CL-1'))!.decisions).toEqual([]);
  });

  it('cannot name a unit in other letters, which is another workflow in Temporal', async () => {
    const { activities, as } = await registryWith();
    const terminate = () => activities.recordTermination({ batchId: 'b1', serial: 'cl-1' });
    await expect(as('batch/b1/chunk-00001', terminate)).rejects.toMatchObject({ type: 'REQUEST_INVALID' });
  });

  it('cannot make a unit FAIL that never began', async () => {
    const { registry, activities, as } = await registryWith();
    const failure = { unit, step: 'flashCredentials', code: 'BOARD_GONE' } as const;
    const record = (outcome?: 'FAIL') =>
      as('unit/CL-1', () => activities.recordFailure({ ...failure, ...(outcome && { outcome }) }));
    await expect(record('FAIL')).rejects.toThrow(CONFLICT);
    expect((await registry.unit('CL-1'))!.outcome).toBeUndefined();
    await record();
    await record('FAIL');
    expect((await registry.unit('CL-1'))!.outcome).toBe('FAIL');
  });

  it('cannot end a unit that runs, or close a batch with units under way', async () => {
    const work = {
      unitRuns: async () => true,
      running: async function* () {
        yield { workflowId: 'unit/CL-1', serial: 'CL-1' };
      },
      isOrchestrated: async () => true,
    };
    const { registry, activities, as } = await registryWith({ work });
    const running = expect.objectContaining({ type: 'REGISTRY_FAULT', nonRetryable: false }) as Error;
    const terminate = () => activities.recordTermination({ batchId: 'b1', serial: 'CL-1' });
    await expect(as('batch/b1/chunk-00001', terminate)).rejects.toThrow(running);
    const close = () => activities.closeBatch({ batchId: 'b1', cancelled: false });
    await expect(as('batch/b1', close)).rejects.toThrow(running);
    expect(await registry.batchSummary('b1')).toMatchObject({ open: 3, batch: { state: 'open' } });
  });

  it('gets no further attempt beyond the next one, or at a unit that has ended', async () => {
    const { registry, activities, as } = await registryWith();
    const ask = (attempt: number, changes = {}) =>
      as('unit/CL-1', () => activities.releaseAttempt({ unit: { ...unit, attempt, ...changes } }));
    await ask(1);
    for (const attempt of [4, Number.MAX_SAFE_INTEGER]) await expect(ask(attempt)).rejects.toThrow(CONFLICT);
    for (const attempt of [1.5, Number.NaN])
      await expect(ask(attempt)).rejects.toMatchObject({ type: 'REQUEST_INVALID' });
    for (const change of [{ product: 'pump' }, { order: 'PO-2' }, { batchId: 'b2' }, { boardId: 'beef' }])
      await expect(ask(1, change)).rejects.toThrow(CONFLICT);
    const failed = { batchId: 'b1', serial: 'CL-1', step: 'flashCredentials', code: 'BOARD_GONE' } as const;
    await registry.recordAttention({ ...failed, attempt: 1 });
    await ask(2);
    await registry.recordOutcome({ ...failed, attempt: 1, outcome: 'HOLD' });
    await expect(ask(2)).rejects.toThrow(CONFLICT);
  });

  it('gets the attempts one by one that come to nothing, and no huge number by that', async () => {
    const { as, activities } = await registryWith();
    const ask = (attempt: number) =>
      as('unit/CL-1', () => activities.releaseAttempt({ unit: { ...unit, attempt } }));
    for (let attempt = 2; attempt <= 101; attempt += 1) await ask(attempt);
    await expect(ask(102)).rejects.toThrow(CONFLICT);
    await ask(2);
    await expect(ask(102)).rejects.toThrow(CONFLICT);
  });

  it('cannot have units signed for that no manifest lists', async () => {
    const { activities, as } = await registryWith();
    const load = () => activities.loadChunk({ batchId: 'b2', chunk: 1 });
    await expect(as('evil', load)).rejects.toMatchObject({ type: 'REGISTRY_FAULT' });
    const { rows: loaded, signed } = await as('evil', () =>
      activities.loadChunk({ batchId: 'b1', chunk: 1 }),
    );
    expect(loaded).toHaveLength(3);
    const { desk } = await openDesk();
    const terms = {
      batchId: 'b1',
      order: 'PO-1',
      manifestSha256: 'ab'.repeat(32),
      quantity: 3,
      signed: signed!,
    };
    await desk.release({ ...terms, units: loaded });
    const more = { serial: 'EVIL-0001', product: 'sensor' };
    await expect(desk.release({ ...terms, units: [...loaded, more] })).rejects.toMatchObject({
      code: 'RELEASE_UNSIGNED',
    });
  });
});
