// H1 by another way: a stranger says that the unit of a board that passed is in a rework, and sends a permit of before again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createClaimActivities } from '../../activities/claim-activities.ts';
import { publicKeyOfKeyFile } from '../../pki/keys/key-file.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { signMembers } from '../../pki/keys/signed-members.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { signAttempt } from '../../pki/signing/intake-statements.ts';
import { signPermit } from '../../pki/signing/permits.ts';
import { sha256Hex } from '../../pki/x509/p256.ts';
import type { Permit, PermittedTerms } from '../../provisioning/permit.ts';
import type { ReworkKind } from '../../provisioning/rework.ts';
import { INTAKE } from '../activities/trust.ts';
import { PRODUCT, unitOf } from '../fixtures/station/bench.ts';
import type { Bench } from '../fixtures/station/bench.ts';
import { reworkedBoard } from '../fixtures/station/pass-board.ts';
import { askFor, openDesk, passOf, PERMIT_KEY, releaseReworkOf } from '../pki/signing/desk.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const QUEUE = 'unit/CL-1';
const REFUSED = expect.objectContaining({
  type: expect.stringMatching(/^(PERMIT_INVALID|SIGNER_UNKNOWN)$/),
}) as Error;

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.end();
  bench = undefined;
});

/** A board that passed as CL-1, at a station to which somebody says that it is reworked. */
async function passedBoard() {
  const { at, board } = await reworkedBoard((started) => {
    bench = started;
  });
  const [key, certificate] = [PRODUCT.keyPath, PRODUCT.certificatePath].map(
    (path) => () => readFileSync(join(board.directory, path)),
  ) as [() => Buffer, () => Buffer];
  const { spkiSha256 } = publicKeyOfKeyFile(key());
  const stationKey = ensureStationKey(join(temporaryFolder(), 'station.key.pem'), 'st');
  const parts = { station: at.station, key: stationKey, signers: [PERMIT_KEY.verifier] };
  const claim = createClaimActivities(parts, QUEUE);
  const work = (permit: Permit, attempt: number) => {
    const input = { unit: unitOf('CL-1', attempt), permit, boardId: board.hardwareId };
    return {
      generateKeypair: () => asActivity(() => claim.generateKeypair(input)),
      wipeBoard: () => asActivity(() => claim.wipeBoard(input)),
      requestRenewal: () => asActivity(() => claim.requestRenewal({ ...input, spkiSha256 })),
    };
  };
  return { at, key, certificate, spkiSha256, work };
}

const permitOf = (terms: Partial<PermittedTerms> = {}): Permit =>
  signPermit({ ...unitOf('CL-1'), ...terms }, PERMIT_KEY.privateKey);

describe('a board that has passed', () => {
  it('keeps its key and its certificate, whatever permit of before is sent again', async () => {
    const { at, key, certificate, spkiSha256, work } = await passedBoard();
    const before = [key(), certificate()];
    const own = sha256Hex(certificate());
    const forged = { ...permitOf(), replaces: [own], renews: spkiSha256 };
    for (const [permit, attempt, steps] of [
      [permitOf(), 1, ['generateKeypair', 'wipeBoard', 'requestRenewal']],
      [
        permitOf({ attempt: 2, replaces: ['ab'.repeat(32)] }),
        2,
        ['generateKeypair', 'wipeBoard', 'requestRenewal'],
      ],
      [permitOf({ attempt: 2, renews: spkiSha256 }), 2, ['generateKeypair', 'wipeBoard']],
      [permitOf({ attempt: 2, replaces: [own] }), 2, ['requestRenewal']],
      [forged, 1, ['generateKeypair', 'wipeBoard', 'requestRenewal']],
    ] as const)
      for (const step of steps) await expect(work(permit, attempt)[step]()).rejects.toThrow(REFUSED);
    expect([key(), certificate()]).toEqual(before);
    at.units.standing = 'passed';
    await until('its tile says so', () => at.state('1') === 'pass');
  });

  it('keeps them when what a permit names was named long ago, or by a clock that is ahead', async () => {
    const { key, certificate, spkiSha256, work } = await passedBoard();
    const before = [key(), certificate()];
    const named = { attempt: 2, replaces: [sha256Hex(certificate())], renews: spkiSha256 };
    const minutes = (count: number): string => new Date(Date.now() + count * 60_000).toISOString();
    const { order, batchId, serial, product } = unitOf('CL-1');
    const { replaces, renews } = named;
    const members = [order, batchId, serial, product, 2, null, JSON.stringify(replaces), renews];
    const ofEarlierVersion = signMembers('certline-permit-v1', members, PERMIT_KEY.privateKey);
    for (const permit of [
      permitOf({ ...named, madeAt: minutes(-21) }),
      permitOf({ ...named, madeAt: minutes(6) }),
      { signature: ofEarlierVersion, replaces, renews },
    ])
      for (const step of ['generateKeypair', 'wipeBoard', 'requestRenewal'] as const)
        await expect(work(permit, 2)[step]()).rejects.toThrow(REFUSED);
    expect([key(), certificate()]).toEqual(before);
    await work(permitOf({ ...named, madeAt: minutes(-14) }), 2).generateKeypair();
    expect(key()).not.toEqual(before[0]);
  });

  it('gets a new key where the signer names its certificate', async () => {
    const { key, certificate, work } = await passedBoard();
    const before = key();
    const permit = permitOf({ attempt: 2, replaces: [sha256Hex(certificate())] });
    await work(permit, 2).generateKeypair();
    expect(key()).not.toEqual(before);
    expect(certificate).toThrow('ENOENT');
  });
});

describe('the signer names in the permit of a further attempt', () => {
  const NOW = () => ({ askedAt: new Date(), now: new Date() });
  const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt: 2 };

  async function permitted(isActive: boolean, kind?: ReworkKind) {
    const { desk } = await openDesk();
    const key = generateDeviceKey();
    const request = askFor('CL-1', key);
    const record = await desk.sign(request, NOW());
    if (isActive) await desk.activate([passOf(request, record)]);
    if (kind !== undefined) await desk.releaseRework(releaseReworkOf(kind));
    const release = { signature: signAttempt(unit, INTAKE.privateKey) };
    const { permit } = await desk.permit({ unit, release });
    return { permit, own: record.certificateSha256, key: record.spkiSha256 };
  }

  it('the certificate of an attempt that did not pass, and when it says so', async () => {
    const { permit, own } = await permitted(false);
    expect(permit).toMatchObject({ replaces: [own] });
    expect(permit).not.toHaveProperty('renews');
    expect(Math.abs(Date.now() - Date.parse(permit.madeAt!))).toBeLessThan(60_000);
  });

  it('not that of the attempt itself, when the word of the intake is sent again', async () => {
    const { desk } = await openDesk();
    const release = { signature: signAttempt(unit, INTAKE.privateKey) };
    const { permit } = await desk.permit({ unit, release });
    const request = askFor('CL-1', generateDeviceKey(), undefined, { attempt: 2, permit });
    await desk.sign(request, NOW());
    const again = await desk.permit({ unit, release });
    expect(again.attempt).toBe(2);
    expect(again.permit).not.toHaveProperty('replaces');
  });

  it('nothing after a rework that was kept, whatever is sent again', async () => {
    const { desk, ledger } = await openDesk();
    const request = askFor('CL-1');
    await desk.activate([passOf(request, await desk.sign(request, NOW()))]);
    await desk.releaseRework(releaseReworkOf('rekey'));
    const release = { signature: signAttempt(unit, INTAKE.privateKey) };
    expect((await desk.permit({ unit, release })).permit).toHaveProperty('replaces');
    await ledger.issuances.endRework({ reworkId: 'RW-1', serial: 'CL-1', attempt: 2, revokesActive: false });
    expect((await desk.permit({ unit, release })).permit).not.toHaveProperty('replaces');
    const next = { ...unit, attempt: 3 };
    const later = { signature: signAttempt(next, INTAKE.privateKey) };
    expect((await desk.permit({ unit: next, release: later })).permit).not.toHaveProperty('replaces');
  });

  it('nothing of a unit that passed, and of which no person asked for more', async () => {
    const { permit } = await permitted(true);
    expect(Object.keys(permit)).toEqual(['signature']);
  });

  it.each(['rekey', 'scrap'] as const)(
    'the active certificate, for a rework of the kind %s',
    async (kind) => {
      const { permit, own } = await permitted(true, kind);
      expect(permit).toMatchObject({ replaces: [own] });
      expect(permit).not.toHaveProperty('renews');
    },
  );

  it('its key alone, for a renewal, and neither for another board', async () => {
    const { permit, key } = await permitted(true, 'renew');
    expect(permit).toMatchObject({ renews: key });
    expect(permit).not.toHaveProperty('replaces');
    expect(Object.keys((await permitted(true, 'swap')).permit)).toEqual(['signature']);
  });
});
