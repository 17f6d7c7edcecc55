// Attacks of the second look: what is true is sent again, to another place or at another time.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificatePayload } from '../../activities/certificate-payload.ts';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import {
  cosign,
  cosignRequestText,
  EMPTY_HEAD,
  openCosigned,
  parseCosignRequest,
} from '../../pki/audit/cosignature.ts';
import { signCheckpoint } from '../../pki/audit/audit-checkpoint.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { ensureRoleKey } from '../../pki/keys/station-key.ts';
import { signAttempt } from '../../pki/signing/intake-statements.ts';
import { signPermit } from '../../pki/signing/permits.ts';
import type { ReworkKind } from '../../provisioning/rework.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { INTAKE, registryParts } from '../activities/trust.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import {
  askFor,
  openDesk,
  passOf,
  PERMIT_KEY,
  releaseOf,
  releaseReworkOf,
  STATION,
} from '../pki/signing/desk.ts';
import { code } from '../pki/signing/signing-line.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOW = () => ({ askedAt: new Date(), now: new Date() });
const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor' };

/** CL-1 has passed and is delivered; a rework of it is released. */
async function inRework(kind: ReworkKind) {
  const opened = await openDesk();
  const { desk, ledger } = opened;
  const request = askFor('CL-1');
  await desk.activate([passOf(request, await desk.sign(request, NOW()))]);
  await desk.releaseRework(releaseReworkOf(kind));
  const activities = createSignerActivities(desk);
  const end = (revokesActive: boolean, attempt = 2) =>
    asActivity(() => activities.endRework({ reworkId: 'RW-1', serial: 'CL-1', attempt, revokesActive }));
  return { ...opened, end, active: () => ledger.issuances.find(request.statement.requestId) };
}

describe('the end of a rework that a stranger announces', () => {
  it.each(['renew', 'swap'] as const)(
    'revokes no certificate where a person asked to %s the unit',
    async (kind) => {
      const { end, active } = await inRework(kind);
      await expect(end(true)).rejects.toMatchObject({ type: 'WITHDRAWAL_REFUSED', nonRetryable: true });
      expect(await active()).toMatchObject({ state: 'active' });
      await end(false);
      expect(await active()).toMatchObject({ state: 'active' });
    },
  );

  it('revokes it where a person asked for that', async () => {
    const { end, active } = await inRework('scrap');
    await end(true, 1);
    expect((await active())?.state).not.toBe('active');
  });

  it('leaves no permit of the rework that still counts', async () => {
    const { desk, end, active, signer } = await inRework('rekey');
    const terms = { ...unit, attempt: 2 };
    const release = { signature: signAttempt(terms, INTAKE.privateKey) };
    const { permit } = await desk.permit({ unit: terms, release });
    await end(false, 1);
    const again = askFor('CL-1', generateDeviceKey(), undefined, { attempt: 2, permit });
    await expect(desk.sign(again, NOW())).rejects.toThrow(code('CERTIFICATE_WITHDRAWN'));
    expect(signer.signatures).toBe(1);
    expect(await active()).toMatchObject({ state: 'active' });
  });
});

describe('a permit', () => {
  it('counts for its own batch, order and product only', async () => {
    const { desk, signer } = await openDesk();
    const own = signPermit({ ...unit, attempt: 1 }, PERMIT_KEY.privateKey);
    const units = [{ serial: 'CL-8', product: 'sensor' }];
    const batch = { batchId: 'b2', order: 'PO-1', manifestSha256: 'cd'.repeat(32), quantity: 1 };
    await desk.release(releaseOf({ ...batch, units }));
    for (const change of [{ batchId: 'b2' }, { order: 'PO-2' }, { product: 'pump' }, { serial: 'CL-8' }]) {
      const { serial = 'CL-1' } = change as { serial?: string };
      const request = askFor(serial, generateDeviceKey(), undefined, { ...change, permit: own });
      await expect(desk.sign(request, NOW())).rejects.toThrow(code('PERMIT_INVALID'));
    }
    expect(signer.signatures).toBe(0);
  });
});

describe('the pass of an attempt that had ended', () => {
  it('is none for the attempt that follows in a supplement', async () => {
    const { desk, ca } = await openDesk();
    const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
    const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    await registry.importBatch({ ...batch, quantity: 1 }, oneRow());
    const parts = {
      products: [{ ...PRODUCT, name: 'sensor' }],
      issuers: ca.chain,
      stationKeys: () => [STATION.verifier],
    };
    const activities = createRegistryActivities(registryParts(registry, temporaryFolder(), parts));
    const request = askFor('CL-1');
    const record = await desk.sign(request, NOW());
    const { stationId, boardId, spkiSha256, at } = request.statement;
    const { pass } = passOf(request, record);
    const register = (attempt: number) =>
      asActivity(() =>
        activities.registerDevice({
          unit: { ...unit, attempt },
          claim: { stationId, socket: '1', boardId },
          signed: certificatePayload(record),
          spkiSha256,
          startedAt: at,
          verified: { verifiedAt: pass!.verifiedAt, evidence: {}, pass: pass! },
        }),
      );
    // The unit was left out although it was proven, and runs again.
    const failed = { batchId: 'b1', serial: 'CL-1', attempt: 1, step: 'registerDevice' } as const;
    await registry.recordOutcome({ ...failed, code: 'CANCELLED', outcome: 'HOLD' });
    await registry.closeBatch('b1');
    const decision = { verdict: 'rerun', decidedAt: new Date().toISOString() };
    await registry.openSupplement({ batchId: 'b1', number: 1, choice: {}, decision });
    for (const attempt of [1, 2, 9])
      await expect(register(attempt)).rejects.toMatchObject({ type: 'REGISTRY_CONFLICT' });
    expect(await registry.unit('CL-1')).not.toHaveProperty('outcome');
  });
});

async function* oneRow() {
  yield { serial: 'CL-1', product: 'sensor', attrs: {} };
}

describe('a decision', () => {
  it('is recorded by the workflow of its unit or batch, and by nobody else', async () => {
    const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
    const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    await registry.importBatch({ ...batch, quantity: 1 }, oneRow());
    const activities = createRegistryActivities(registryParts(registry, temporaryFolder()));
    const decision = { verdict: 'cancel', by: 'The Boss', decidedAt: new Date().toISOString() };
    const ofBatch = (as: string) =>
      asActivity(() => activities.recordBatchDecision({ batchId: 'b1', decision }), Date.now(), as);
    const attempt = { batchId: 'b1', serial: 'CL-1', attempt: 1 };
    const ofUnit = (as: string) =>
      asActivity(() => activities.recordDecision({ ...attempt, decision }), Date.now(), as);
    await expect(ofBatch('evil')).rejects.toMatchObject({ type: 'REGISTRY_CONFLICT' });
    await expect(ofUnit('unit/CL-2')).rejects.toMatchObject({ type: 'REGISTRY_CONFLICT' });
    expect(await registry.batchDecisions('b1')).toEqual([]);
    await ofBatch('batch/b1/supplement-1');
    await ofUnit('unit/CL-1');
    expect(await registry.batchDecisions('b1')).toHaveLength(1);
  });
});

describe('the signature of a witness', () => {
  it('is of one head: what it signed before is not signed again, and brings no log back', () => {
    const folder = temporaryFolder();
    const [audit, key] = ['audit', 'witness'].map((name) => ensureRoleKey(join(folder, name), name));
    const note = (size: number, hash: string) =>
      signCheckpoint({ size, hash, at: '2026-01-01T00:00:00.000Z' }, audit!.verifier, audit!.privateKey);
    const with_ = { key: key!, trusted: [audit!.verifier] };
    const ask = (old: typeof EMPTY_HEAD, text: string, held?: string) =>
      cosign(parseCosignRequest(cosignRequestText({ old, note: text }))!, held, with_)!;
    const [one, two] = ['aa'.repeat(32), 'bb'.repeat(32)];
    const first = ask(EMPTY_HEAD, note(10, one));
    const second = ask({ size: 10, hash: one }, note(20, two), first.note);
    expect([first.isExtended, second.isExtended]).toEqual([true, true]);
    // The request of before, word for word, and a log that goes on from there in another way.
    for (const text of [note(10, one), note(20, 'cc'.repeat(32)), note(30, 'cc'.repeat(32))]) {
      const replayed = ask({ size: 10, hash: one }, text, second.note);
      expect(replayed).toEqual({ isExtended: false, note: second.note });
    }
    // An answer of before says which head it is of.
    expect(openCosigned(first.note, key!.verifier)).toMatchObject({ size: 10, hash: one });
    expect(openCosigned(first.note.replace('\n10\n', '\n20\n'), key!.verifier)).toBeUndefined();
  });
});
