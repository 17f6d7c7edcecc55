import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createClaimActivities } from '../../activities/claim-activities.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { ensureRoleKey, ensureStationKey } from '../../pki/keys/station-key.ts';
import { signAttempt, signRelease } from '../../pki/signing/intake-statements.ts';
import { signPermit } from '../../pki/signing/permits.ts';
import { signStatement } from '../../pki/signing/signed-request.ts';
import type { GenerateKeypairInput } from '../../provisioning/claim.ts';
import type { Permit, PermitTerms } from '../../provisioning/permit.ts';
import type { ReleaseUnitsInput } from '../../provisioning/signing.ts';
import { INTAKE } from '../activities/trust.ts';
import { PRODUCT, startBench, unitOf } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import { askFor, openDesk, passOf, PERMIT_KEY, releaseOf, signedByStation } from '../pki/signing/desk.ts';
import { auditOf, code } from '../pki/signing/signing-line.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const NOW = () => ({ askedAt: new Date(), now: new Date() });
const stranger = ensureRoleKey(join(temporaryFolder(), 'stranger.key.pem'), 'signer');

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.end();
  bench = undefined;
});

describe('a stranger who lets a station make a key for a serial of his own', () => {
  it.each<[string, Permit | undefined]>([
    ['without a permit', undefined],
    ['with a permit that he signed', signPermit(unitOf('EVIL-0001'), stranger.privateKey)],
    ['with the permit of another unit', signPermit(unitOf('CL-1'), PERMIT_KEY.privateKey)],
    ['with the permit of another attempt', signPermit(unitOf('EVIL-0001', 2), PERMIT_KEY.privateKey)],
    [
      'with a permit for another board',
      signPermit({ ...unitOf('EVIL-0001'), boardId: 'beef' }, PERMIT_KEY.privateKey),
    ],
    ['with rubbish', { signature: 'rubbish' }],
  ])('touches no board %s', async (_name, permit) => {
    bench = await startBench({ sockets: ['1'] });
    const board = bench.line.insertBoard('st', '1');
    await bench.ready('1');
    const key = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
    const parts = { station: bench.station, key, signers: [PERMIT_KEY.verifier] };
    const claim = createClaimActivities(parts, 'boards/node');
    const input = { unit: unitOf('EVIL-0001'), ...(permit && { permit }) } as GenerateKeypairInput;
    await expect(asActivity(() => claim.generateKeypair(input))).rejects.toMatchObject({
      // Another station may know the signer of one that this station does not.
      type: expect.stringMatching(/^(PERMIT_INVALID|SIGNER_UNKNOWN)$/),
    });
    expect(existsSync(join(board.directory, PRODUCT.keyPath))).toBe(false);
    await bench.ready('1');
  });
});

describe('a station that asks without a permit', () => {
  it.each([
    ['for a unit without one', undefined],
    ['for another unit', signPermit({ ...askFor('CL-2').statement }, PERMIT_KEY.privateKey)],
    ['for another attempt', signPermit({ ...askFor('CL-1').statement, attempt: 2 }, PERMIT_KEY.privateKey)],
  ])('gets no certificate %s', async (_name, permit) => {
    const { desk, signer } = await openDesk();
    // Signed by the station's own key.
    const request = signedByStation(askFor('CL-1'), { permit });
    await expect(desk.sign(request, NOW())).rejects.toThrow(code('PERMIT_INVALID'));
    expect(signer.signatures).toBe(0);
  });
});

const BATCH = { batchId: 'b1', order: 'PO-1', manifestSha256: 'ab'.repeat(32), quantity: 3 };

describe('a stranger who releases units', () => {
  const units = [{ serial: 'EVIL-0001', product: 'sensor' }];

  it.each<[string, ReleaseUnitsInput]>([
    ['without a signature', { ...BATCH, units }],
    ['with his own', { ...BATCH, units, signed: signRelease({ ...BATCH, units }, stranger.privateKey) }],
    ['with that of another list', { ...releaseOf({ ...BATCH, units: [] }), units }],
    ['with that of another batch', { ...releaseOf({ ...BATCH, units }), batchId: 'b9', quantity: 1 }],
    ['with no signature', { ...BATCH, units, signed: '' }],
  ])('is refused %s', async (_name, input) => {
    const { desk, ledger } = await openDesk();
    const activities = createSignerActivities(desk);
    await expect(asActivity(() => activities.releaseUnits(input))).rejects.toMatchObject({
      type: 'RELEASE_UNSIGNED',
    });
    expect((await ledger.orders.orderStanding('PO-1'))!.released).toBe(3);
    expect((await auditOf(ledger)).at(-1)!.body).toContain('RELEASE_UNSIGNED');
  });
});

describe('a further attempt', () => {
  const unit: PermitTerms = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt: 2 };
  const released = (terms: PermitTerms, by = INTAKE.privateKey) => ({
    unit: terms,
    release: { signature: signAttempt(terms, by) },
  });

  it('is permitted only where the intake says so, for a unit that is released just so', async () => {
    const { desk } = await openDesk();
    const activities = createSignerActivities(desk);
    const permit = (input: ReturnType<typeof released>) => asActivity(() => activities.permitAttempt(input));
    const refused = (type: string) => expect.objectContaining({ type }) as Error;
    await expect(permit(released(unit, stranger.privateKey))).rejects.toThrow(refused('RELEASE_UNSIGNED'));
    await expect(permit({ ...released(unit), unit: { ...unit, attempt: 9 } })).rejects.toThrow(
      refused('RELEASE_UNSIGNED'),
    );
    for (const change of [{ product: 'pump' }, { serial: 'CL-9' }, { batchId: 'b2' }, { boardId: 'beef' }])
      await expect(permit(released({ ...unit, ...change }))).rejects.toThrow(refused('NOT_RELEASED'));
    expect(await permit(released(unit))).toEqual({
      attempt: 2,
      permit: signPermit(unit, PERMIT_KEY.privateKey),
    });
  });

  it('is the next one that the signer signs for, whatever a stranger withdrew', async () => {
    const { desk } = await openDesk();
    const activities = createSignerActivities(desk);
    const attempt = Number.MAX_SAFE_INTEGER;
    const withdrawal = { unit: { batchId: 'b1', serial: 'CL-1', attempt }, reason: 'mine' };
    await asActivity(() => activities.revokeCertificate(withdrawal));
    const first = { ...unit, attempt: 1 };
    const { attempt: next, permit } = await desk.permit(released(first));
    expect(next).toBe(2);
    const request = askFor('CL-1', generateDeviceKey(), undefined, { attempt: next, permit });
    expect(await desk.sign(request, NOW())).toBeDefined();
  });
});

describe('the word for an attempt that is sent again', () => {
  const unit: PermitTerms = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt: 2 };
  const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
  const word = (attempt: number, time?: string) => {
    const terms = { ...unit, attempt };
    const signature = signAttempt(terms, INTAKE.privateKey, time);
    return { unit: terms, release: { signature, ...(time !== undefined && { at: time }) } };
  };

  it('gives the same number, also when that is used, and none once a later one was asked for', async () => {
    const { desk, ledger } = await openDesk();
    const { permit } = await desk.permit(word(2, at(0)));
    const request = askFor('CL-1', generateDeviceKey(), undefined, { attempt: 2, permit });
    await desk.sign(request, NOW());
    for (const time of [at(0), undefined]) expect((await desk.permit(word(2, time))).attempt).toBe(2);
    const permits = (await auditOf(ledger)).filter(({ body }) => body.includes('attempt-permitted'));
    expect(permits).toHaveLength(1);
    expect((await desk.permit(word(3, at(0)))).attempt).toBe(3);
    await expect(desk.permit(word(2, at(0)))).rejects.toThrow(code('RELEASE_CONFLICT', 'attempt'));
    await expect(desk.permit({ ...word(3, at(0)), unit: { ...unit, attempt: 4 } })).rejects.toThrow(
      code('RELEASE_UNSIGNED'),
    );
  });

  it('lets no unit continue that ended since, also where it was held back until then', async () => {
    const { desk, signer } = await openDesk();
    const held = word(3, at(-21));
    const { permit } = await desk.permit(word(2, at(-21)));
    await desk.withdraw({ batchId: 'b1', serial: 'CL-1', attempt: 2 });
    expect((await desk.permit(word(2, at(-21)))).attempt).toBe(2);
    await expect(desk.permit(held)).rejects.toThrow(code('UNIT_ENDED', 'age'));
    for (const attempt of [2, 3]) {
      const request = askFor('CL-1', generateDeviceKey(), undefined, {
        attempt,
        ...(attempt === 2 && { permit }),
      });
      await expect(desk.sign(request, NOW())).rejects.toMatchObject({ code: expect.any(String) });
    }
    expect(signer.signatures).toBe(0);
    // What ended it was a stranger: the registry says now that it is open.
    const { attempt, permit: next } = await desk.permit(word(3, at(0)));
    await desk.sign(askFor('CL-1', generateDeviceKey(), undefined, { attempt, permit: next }), NOW());
  });
});

describe("M1: another station's unit or board", () => {
  it('is not displaced without a further attempt that was permitted', async () => {
    const { desk, ledger } = await openDesk();
    const second = ensureStationKey(join(temporaryFolder(), 'st-2.key.pem'), 'st-2');
    await ledger.stations.admitStation({
      stationId: 'st-2',
      verifier: verifierText(second.verifier),
      perMinute: 60,
    });
    const victim = askFor('CL-1');
    await desk.sign(victim, NOW());
    const theirs = (serial: string, attempt: number, permit: Permit | undefined, boardId: string) => {
      const changes = { attempt, permit, stationId: 'st-2', boardId };
      const request = askFor(serial, generateDeviceKey(), undefined, changes);
      return { ...request, signature: signStatement(request.statement, second.privateKey) };
    };
    const { boardId } = victim.statement;
    const unit = { batchId: 'b1', order: 'PO-1', product: 'sensor' };
    const first = signPermit({ ...unit, serial: 'CL-1', attempt: 1 }, PERMIT_KEY.privateKey);
    await expect(desk.sign(theirs('CL-1', 2, first, 'board-of-st-2'), NOW())).rejects.toThrow(
      code('PERMIT_INVALID'),
    );
    const other = signPermit({ ...unit, serial: 'CL-2', attempt: 1 }, PERMIT_KEY.privateKey);
    await expect(desk.sign(theirs('CL-2', 1, other, boardId), NOW())).rejects.toThrow(
      code('BOARD_BOUND', 'station'),
    );
    expect(await ledger.issuances.find(victim.statement.requestId)).toMatchObject({ state: 'issued' });
    const terms = { ...unit, serial: 'CL-1', attempt: 2 };
    const word = { unit: terms, release: { signature: signAttempt(terms, INTAKE.privateKey) } };
    const { permit } = await desk.permit(word);
    const again = askFor('CL-1', generateDeviceKey(), undefined, { attempt: 2, permit });
    const record = await desk.sign(again, NOW());
    await desk.permit(word);
    await expect(desk.sign(theirs('CL-2', 1, other, boardId), NOW())).rejects.toThrow(
      code('BOARD_BOUND', 'station'),
    );
    expect(await desk.activate([passOf(again, record)])).toEqual([]);
  });

  it('is displaced by one that was permitted', async () => {
    const { desk, ledger } = await openDesk();
    const second = ensureStationKey(join(temporaryFolder(), 'st-2.key.pem'), 'st-2');
    const verifier = verifierText(second.verifier);
    await ledger.stations.admitStation({ stationId: 'st-2', verifier, perMinute: 60 });
    const given = askFor('CL-1');
    await desk.sign(given, NOW());
    const terms = { batchId: 'b1', order: 'PO-1', product: 'sensor', serial: 'CL-1', attempt: 2 };
    await desk.permit({ unit: terms, release: { signature: signAttempt(terms, INTAKE.privateKey) } });
    const { boardId } = given.statement;
    const theirs = askFor('CL-2', generateDeviceKey(), undefined, { stationId: 'st-2', boardId });
    const signature = signStatement(theirs.statement, second.privateKey);
    expect(await desk.sign({ ...theirs, signature }, NOW())).toBeDefined();
  });
});
