// What is delivered, and what a stranger tells the registry about it: reworks that nobody asked for, and attempts that never were.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificatePayload } from '../../activities/certificate-payload.ts';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { signAttempt, signRework } from '../../pki/signing/intake-statements.ts';
import type { AskedRework, ReworkInput, ReworkKind } from '../../provisioning/rework.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { INTAKE, registryParts } from '../activities/trust.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import { askFor, openDesk, passOf, STATION } from '../pki/signing/desk.ts';
import type { SigningRequest } from '../../pki/signing/signing-desk.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOW = () => ({ askedAt: new Date(), now: new Date() });
const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor' };
const CONFLICT = expect.objectContaining({ type: 'REGISTRY_CONFLICT' }) as Error;
const UNSIGNED = expect.objectContaining({ type: 'RELEASE_UNSIGNED' }) as Error;
const HUGE = Number.MAX_SAFE_INTEGER;

async function* oneRow() {
  yield { serial: 'CL-1', product: 'sensor', attrs: {} };
}

/** CL-1 has passed, is registered and was sent to a cloud. Anybody schedules steps of the registry, from any workflow. */
async function delivered() {
  const { desk, ca } = await openDesk();
  const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
  const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
  await registry.importBatch({ ...batch, quantity: 1 }, oneRow());
  const activities = createRegistryActivities(
    registryParts(registry, temporaryFolder(), {
      products: [{ ...PRODUCT, name: 'sensor', registries: ['cloud'] }],
      issuers: ca.chain,
      stationKeys: () => [STATION.verifier],
    }),
  );
  const as = <T>(workflowId: string, run: () => Promise<T>) => asActivity(run, Date.now(), workflowId);
  const sign = async (request: SigningRequest) => await desk.sign(request, NOW());
  const register = async (
    request: SigningRequest,
    signed: Awaited<ReturnType<typeof sign>>,
    more: { readonly attempt: number; readonly rework?: { reworkId: string; supersedesAttempt: number } },
  ) => {
    const { stationId, boardId, spkiSha256, at } = request.statement;
    const { pass } = passOf(request, signed);
    const { attempt, ...rework } = more;
    await as('unit/CL-1', () =>
      activities.registerDevice({
        unit: { ...unit, attempt },
        claim: { stationId, socket: '1', boardId },
        signed: certificatePayload(signed),
        spkiSha256,
        startedAt: at,
        verified: { verifiedAt: pass!.verifiedAt, evidence: {}, pass: pass! },
        ...rework,
      }),
    );
  };
  const first = askFor('CL-1');
  const proven = await sign(first);
  return { desk, registry, activities, as, sign, register, first, proven };
}

async function shipped() {
  const at = await delivered();
  await at.register(at.first, at.proven, { attempt: 1 });
  /** Fails where the unit is no longer as it was delivered. */
  const isUntouched = async () => {
    const known = await at.registry.unit('CL-1');
    expect(known).toMatchObject({ outcome: 'PASS', lastAttempt: 1, certificates: [{ state: 'active' }] });
    expect(known!.certificates).toHaveLength(1);
    expect(await at.registry.outbox.openOf('b1')).toMatchObject([{ registry: 'cloud', waiting: 1 }]);
  };
  await isUntouched();
  return { ...at, isUntouched };
}

const ASKED_AT = new Date().toISOString();
const asked = (kind: ReworkKind): AskedRework => ({
  reworkId: 'RW-1',
  kind,
  reason: 'old',
  by: 'A. Smith',
  askedAt: ASKED_AT,
  serials: ['CL-1'],
});
const signed = (kind: ReworkKind, changes: Partial<AskedRework> = {}): ReworkInput => ({
  ...asked(kind),
  ...changes,
  signed: signRework({ ...asked(kind), ...changes }, INTAKE.privateKey),
});
const ended = { outcome: 'FAIL', code: 'SCRAPPED' } as const;
const ofUnit = (attempt = 2) => ({ reworkId: 'RW-1', unit: { batchId: 'b1', serial: 'CL-1', attempt } });

describe('a rework that nobody asked for', () => {
  it.each(['renew', 'rekey', 'swap', 'scrap'] as const)('is not opened in the registry: %s', async (kind) => {
    const { activities, as, isUntouched, registry } = await shipped();
    for (const input of [
      { ...asked(kind), signed: '' },
      { ...signed(kind), reworkId: 'RW-2' },
      { ...signed(kind), serials: ['CL-1', 'CL-2'] },
      { ...signed(kind === 'renew' ? 'swap' : 'renew'), kind },
    ])
      await expect(as(`rework/${input.reworkId}`, () => activities.openRework(input))).rejects.toThrow(
        UNSIGNED,
      );
    expect(await registry.reworks()).toEqual([]);
    await isUntouched();
  });

  it('is not opened in the registry long after a person asked for it, and was refused', async () => {
    const { activities, as, isUntouched, registry } = await shipped();
    const input = signed('scrap', { askedAt: new Date(Date.now() - 21 * 60_000).toISOString() });
    await expect(as('rework/RW-1', () => activities.openRework(input))).rejects.toMatchObject({
      type: 'RELEASE_CONFLICT',
      nonRetryable: true,
    });
    expect(await registry.reworks()).toEqual([]);
    await isUntouched();
  });

  it('ends no certificate, wipes nothing and moves no attempt', async () => {
    const { activities, as, isUntouched } = await shipped();
    for (const run of [
      () => activities.recordWipe(ofUnit()),
      () => activities.endReworkUnit({ ...ofUnit(), result: 'ended', outcome: ended }),
      () =>
        activities.recordReworkFailure({
          ...ofUnit(HUGE),
          failure: { step: 'flashCredentials', code: 'BOARD_GONE' },
        }),
    ] as (() => Promise<unknown>)[])
      await expect(as('unit/CL-1', run)).rejects.toThrow(
        expect.objectContaining({ type: expect.anything() }) as Error,
      );
    await isUntouched();
  });

  it('lets no certificate take the place of the one that is in use', async () => {
    const at = await delivered();
    // Attempt 1 was proven and given up; its pass can be read by everybody. Attempt 2 is the one that was delivered.
    const terms = { ...unit, attempt: 2 };
    const release = { signature: signAttempt(terms, INTAKE.privateKey) };
    const { permit } = await at.desk.permit({ unit: terms, release });
    const second = askFor('CL-1', generateDeviceKey(), undefined, { attempt: 2, permit });
    await at.register(second, await at.sign(second), { attempt: 2 });
    const fingerprint = (await at.registry.unit('CL-1'))!.certificates[0]!.certificateSha256;
    // One that has ended, and one that never was.
    await at.as('rework/RW-1', () => at.activities.openRework(signed('swap')));
    await at.as('unit/CL-1', () => at.activities.endReworkUnit({ ...ofUnit(3), result: 'kept' }));
    for (const reworkId of ['RW-1', 'RW-9'])
      for (const attempt of [2, 3, 4]) {
        const rework = { reworkId, supersedesAttempt: 2 };
        await expect(at.register(at.first, at.proven, { attempt, rework })).rejects.toThrow(CONFLICT);
      }
    const { certificates } = (await at.registry.unit('CL-1'))!;
    expect(certificates).toMatchObject([{ certificateSha256: fingerprint, state: 'active' }]);
  });
});

describe('a rework that was asked for', () => {
  it.each(['renew', 'swap'] as const)('and keeps the certificate never ends it: %s', async (kind) => {
    const { activities, as, isUntouched } = await shipped();
    await as('rework/RW-1', () => activities.openRework(signed(kind)));
    await expect(as('unit/CL-1', () => activities.recordWipe(ofUnit()))).rejects.toThrow(CONFLICT);
    const end = { ...ofUnit(), result: 'ended', outcome: ended } as const;
    await expect(as('unit/CL-1', () => activities.endReworkUnit(end))).rejects.toThrow(CONFLICT);
    await isUntouched();
  });

  it('does not say that an attempt was the last of all', async () => {
    const { activities, as, isUntouched } = await shipped();
    await as('rework/RW-1', () => activities.openRework(signed('renew')));
    const failure = { step: 'flashCredentials', code: 'BOARD_GONE' } as const;
    for (const run of [
      () => activities.recordReworkFailure({ ...ofUnit(HUGE), failure }),
      () => activities.endReworkUnit({ ...ofUnit(HUGE), result: 'kept' }),
    ] as (() => Promise<unknown>)[])
      await expect(as('unit/CL-1', run)).rejects.toThrow(CONFLICT);
    await isUntouched();
  });

  it('ends the certificate of a unit that is scrapped', async () => {
    const { activities, as, registry } = await shipped();
    await as('rework/RW-1', () => activities.openRework(signed('scrap')));
    await as('unit/CL-1', () => activities.endReworkUnit({ ...ofUnit(), result: 'done', outcome: ended }));
    expect(await registry.unit('CL-1')).toMatchObject({
      outcome: 'FAIL',
      certificates: [{ state: 'revoked' }],
    });
  });
});

describe('an attempt that a stranger reports', () => {
  it('is not so high that no other can follow', async () => {
    const { activities, as, registry, register, first, proven } = await delivered();
    const failure = {
      unit: { ...unit, attempt: HUGE },
      step: 'flashCredentials',
      code: 'BOARD_GONE',
    } as const;
    for (const outcome of [{}, { outcome: 'ERROR' } as const])
      await expect(
        as('unit/CL-1', () => activities.recordFailure({ ...failure, ...outcome })),
      ).rejects.toThrow(CONFLICT);
    const rows = [{ serial: 'CL-1', product: 'sensor', attempt: HUGE - 1 }];
    await expect(
      as('batch/b1', () => activities.recordRefusal({ batchId: 'b1', units: rows, code: 'ORDER_EXPIRED' })),
    ).rejects.toThrow(CONFLICT);
    await register(first, proven, { attempt: 1 });
    expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'PASS', lastAttempt: 1 });
  });
});
