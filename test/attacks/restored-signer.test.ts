// H6: a snapshot of the signer's whole machine is restored: ledger, audit key and witness file agree with each other.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { certificatePayload } from '../../activities/certificate-payload.ts';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { signPass } from '../../pki/signing/pass-statement.ts';
import { signRelease } from '../../pki/signing/intake-statements.ts';
import { decidedNow } from '../../provisioning/decision.ts';
import type { RegisterDeviceInput } from '../../provisioning/registration.ts';
import type { SeenLog } from '../../provisioning/signer-log.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { INTAKE, registryParts } from '../activities/trust.ts';
import { PRODUCT } from '../fixtures/station/bench.ts';
import { AUDIT_LOG, openDesk, releaseOf } from '../pki/signing/desk.ts';
import { code } from '../pki/signing/signing-line.ts';
import { asActivity } from '../signer-load/as-activity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { ca, signerOnDisk } from './signer-on-disk.ts';
import type { StartedSigner } from './signer-on-disk.ts';

const DAY_MS = 86_400_000;
const SERIALS = ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5'];
const station = ensureStationKey(join(temporaryFolder(), 'st-1.key.pem'), 'st-1');
const ALARM = expect.objectContaining({ type: 'LEDGER_STALE', nonRetryable: true }) as Error;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** A registry of the batch that `signerOnDisk` makes certificates for. */
async function registryAt(path: string, by: StartedSigner) {
  const registry = openRegistryFile(path);
  const parts = {
    products: [{ ...PRODUCT, name: 'sensor' }],
    issuers: [ca.certificate],
    stationKeys: () => [station.verifier],
    auditKeys: () => [by.audit.key.verifier],
  };
  const activities = createRegistryActivities(registryParts(registry, temporaryFolder(), parts));
  return {
    registry,
    activities,
    register: async (input: RegisterDeviceInput) =>
      await asActivity(() => activities.registerDevice(input), Date.now(), `unit/${input.unit.serial}`),
  };
}

async function newRegistry(by: StartedSigner, path = join(temporaryFolder(), 'registry.db')) {
  const opened = await registryAt(path, by);
  const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
  await opened.registry.importBatch({ ...batch, quantity: SERIALS.length }, rows());
  return { ...opened, path };
}

async function* rows() {
  for (const serial of SERIALS) yield { serial, product: 'sensor', attrs: {} };
}

/** What the workflow of a unit brings to the registry. */
async function madeBy(signer: StartedSigner, serial: string): Promise<RegisterDeviceInput> {
  const record = await signer.issue(serial);
  const unit = { batchId: 'b1', order: 'PO-1', serial, product: 'sensor', attempt: 1 };
  const claim = { stationId: 'st-1', socket: '1', boardId: `board-of-${serial}` };
  const verifiedAt = new Date().toISOString();
  const pass = signPass(
    { ...unit, ...claim, ...record },
    { stationId: 'st-1', attempt: 1, verifiedAt, proven: 'read-back' },
    station.privateKey,
  );
  return {
    unit,
    claim,
    signed: { ...certificatePayload(record), checkpoint: signer.audit.newest() },
    spkiSha256: record.spkiSha256,
    startedAt: verifiedAt,
    verified: { verifiedAt, evidence: {}, pass },
  };
}

/** Three certificates, of which the snapshot has the first. */
async function threeCertificates() {
  const signer = signerOnDisk();
  const first = await signer.start();
  const registry = await newRegistry(first);
  await registry.register(await madeBy(first, 'CL-1'));
  const restore = signer.backUp('signer');
  for (const serial of ['CL-2', 'CL-3']) await registry.register(await madeBy(first, serial));
  return { signer, restore, ...registry };
}

describe('H6: a signer that was restored whole, with its witness file', () => {
  it('starts and signs, and the registry refuses what it signs, also after a restart', async () => {
    const { signer, restore, registry, register, path } = await threeCertificates();
    restore();
    vi.setSystemTime(Date.now() + DAY_MS);
    const again = await signer.start();
    const stolen = await madeBy(again, 'CL-4');
    await expect(register(stolen)).rejects.toThrow(ALARM);
    await expect(register(stolen)).rejects.toThrow(/had \d+ entries at .*, and only \d+ at/);
    expect(await registry.unit('CL-4')).toMatchObject({ certificates: [] });
    const [alarm] = await registry.signerLogs();
    expect(alarm).toMatchObject({ log: again.audit.key.verifier.name, contradiction: expect.any(String) });
    await registry.close();
    // It grows beyond what the registry had seen: it is still another log.
    for (const serial of ['CL-5', 'CL-2', 'CL-3']) await again.issue(serial);
    const restarted = await registryAt(path, again);
    await expect(restarted.register(await madeBy(again, 'CL-5'))).rejects.toThrow(ALARM);
  });

  it('is noticed within the same minute where its log has another entry in a place that was seen', async () => {
    const { signer, restore, register } = await threeCertificates();
    restore();
    const again = await signer.start();
    await again.issue('CL-5');
    await expect(register(await madeBy(again, 'CL-4'))).rejects.toThrow(/another one/);
  });

  it('is believed again when a person accepts the loss, who stays on record', async () => {
    const { signer, restore, registry, register } = await threeCertificates();
    restore();
    vi.setSystemTime(Date.now() + DAY_MS);
    const again = await signer.start();
    const input = await madeBy(again, 'CL-4');
    await expect(register(input)).rejects.toThrow(ALARM);
    const { log } = (await registry.signerLogs())[0]!;
    const decision = decidedNow('accept-loss', { reason: 'disk lost', by: 'A. Smith' });
    expect(await registry.acceptSignerLog('other', decision)).toBe(false);
    expect(await registry.acceptSignerLog(log, decision)).toBe(true);
    expect(await registry.acceptSignerLog(log, decision)).toBe(false);
    await register(input);
    expect(await registry.unit('CL-4')).toMatchObject({ outcome: 'PASS' });
  });
});

describe('a loss that a person accepted', () => {
  it('stays accepted, whatever of before is registered late or sent again', async () => {
    const signer = signerOnDisk();
    const first = await signer.start();
    const { registry, register } = await newRegistry(first);
    const restore = signer.backUp('signer');
    const known = await madeBy(first, 'CL-1');
    const late = await madeBy(first, 'CL-2');
    const newest = await madeBy(first, 'CL-3');
    await register(known);
    await register(newest);
    restore();
    vi.setSystemTime(Date.now() + DAY_MS);
    const again = await signer.start();
    const next = await madeBy(again, 'CL-4');
    await expect(register(next)).rejects.toThrow(ALARM);
    // What is registered already stays so, also while a person is called.
    await register(newest);
    await expect(register(late)).rejects.toThrow(ALARM);
    const { log } = (await registry.signerLogs())[0]!;
    await registry.acceptSignerLog(log, decidedNow('accept-loss', { reason: 'disk lost', by: 'A. Smith' }));
    for (const input of [late, newest, known, next]) await register(input);
    expect(await registry.signerLogs()).toMatchObject([{ size: 0 }]);
    vi.setSystemTime(Date.now() + DAY_MS);
    const last = await madeBy(again, 'CL-5');
    await register(last);
    for (const input of [late, newest, known, next]) await register(input);
    const [remembered] = await registry.signerLogs();
    expect(remembered).not.toHaveProperty('contradiction');
    expect(await again.ledger.auditLog.auditHash(remembered!.size)).toBe(remembered!.hash);
  });
});

describe('a clock that was ahead, and that a person corrected and accepted', () => {
  it('makes no old copy of what is registered late', async () => {
    const first = await signerOnDisk().start();
    const { register, registry } = await newRegistry(first);
    await register(await madeBy(first, 'CL-1'));
    const right = Date.now();
    vi.setSystemTime(right + DAY_MS);
    const late = [await madeBy(first, 'CL-2'), await madeBy(first, 'CL-3')] as const;
    vi.setSystemTime(right + 60_000);
    await first.ledger.auditLog.acceptClock({ reason: 'the clock was ahead', by: 'A. Smith' });
    await register(await madeBy(first, 'CL-4'));
    await register(late[0]);
    vi.setSystemTime(right + 2 * DAY_MS);
    await register(late[1]);
    expect((await registry.signerLogs())[0]).not.toHaveProperty('contradiction');
  });

  it('hides no old copy that is restored after that', async () => {
    const signer = signerOnDisk();
    const first = await signer.start();
    const { register } = await newRegistry(first);
    const restore = signer.backUp('signer');
    const right = Date.now();
    vi.setSystemTime(right + DAY_MS);
    await register(await madeBy(first, 'CL-2'));
    vi.setSystemTime(right + 60_000);
    await first.ledger.auditLog.acceptClock({ reason: 'the clock was ahead', by: 'A. Smith' });
    await register(await madeBy(first, 'CL-3'));
    restore();
    vi.setSystemTime(right + 2 * DAY_MS);
    const again = await signer.start();
    await expect(register(await madeBy(again, 'CL-4'))).rejects.toThrow(ALARM);
  });
});

describe('H6: a signer that was restored, and releases nothing by what the registry has seen', () => {
  it('releases again when a person accepts the loss, before any certificate contradicts the log', async () => {
    const { registry, activities } = await threeCertificates();
    const seenNow = async () =>
      (await asActivity(() => activities.loadChunk({ batchId: 'b1', chunk: 1 }))).seen;
    const [{ log }] = (await seenNow())! as [SeenLog];
    const decision = decidedNow('accept-loss', { reason: 'disk lost', by: 'A. Smith' });
    expect(await registry.acceptSignerLog(log, decision)).toBe(true);
    expect(await registry.acceptSignerLog(log, decision)).toBe(false);
    expect(await seenNow()).toBeUndefined();
  });
});

describe('how far the log had come', () => {
  it('is believed only under the key of a signer that is known, and must be said', async () => {
    const signer = signerOnDisk();
    const first = await signer.start();
    const { register } = await newRegistry(first);
    const stranger = await signerOnDisk().start();
    await register(await madeBy(first, 'CL-1'));
    vi.setSystemTime(Date.now() + DAY_MS);
    const input = await madeBy(first, 'CL-2');
    const unproven = expect.objectContaining({ type: 'PASS_UNPROVEN' }) as Error;
    const { checkpoint: _own, ...silent } = input.signed;
    await expect(register({ ...input, signed: silent })).rejects.toThrow(unproven);
    for (const checkpoint of [stranger.audit.newest(), '', input.signed.checkpoint!.replace('\n', '\n9')])
      await expect(register({ ...input, signed: { ...input.signed, checkpoint } })).rejects.toThrow(unproven);
    await register(input);
  });

  it('may be less for a certificate that was signed earlier and comes later', async () => {
    const first = await signerOnDisk().start();
    const { register, registry } = await newRegistry(first);
    const late = await madeBy(first, 'CL-1');
    await register(await madeBy(first, 'CL-2'));
    vi.setSystemTime(Date.now() + DAY_MS);
    await register(late);
    expect((await registry.signerLogs())[0]).not.toHaveProperty('contradiction');
  });

  it('goes to the signer with each chunk, as far as the registry has seen it', async () => {
    const first = await signerOnDisk().start();
    const { register, activities } = await newRegistry(first);
    await register(await madeBy(first, 'CL-1'));
    const { seen } = await asActivity(() => activities.loadChunk({ batchId: 'b1', chunk: 1 }));
    const head = await first.ledger.auditLog.auditHead();
    expect(seen).toMatchObject([{ log: first.audit.key.verifier.name }]);
    expect(await first.ledger.auditLog.auditHash(seen![0]!.size)).toBe(seen![0]!.hash);
    expect(seen![0]!.size).toBeLessThanOrEqual(head.size);
  });

  it('is not said of a log whose key is not on the list of stations any more', async () => {
    const first = await signerOnDisk().start();
    const { register, activities, registry, path } = await newRegistry(first);
    await register(await madeBy(first, 'CL-1'));
    const seenBy = async (by: typeof activities) =>
      (await asActivity(() => by.loadChunk({ batchId: 'b1', chunk: 1 }))).seen;
    expect(await seenBy(activities)).toHaveLength(1);
    await registry.close();
    const successor = await signerOnDisk().start();
    const later = await registryAt(path, successor);
    expect(await seenBy(later.activities)).toBeUndefined();
  });

  it('is compared by the signer, whichever signer of its ledger wrote it, if the intake signed it', async () => {
    const { desk, ledger } = await openDesk();
    const { size, hash } = await ledger.auditLog.auditHead();
    const batch = { batchId: 'b2', order: 'PO-1', manifestSha256: 'cd'.repeat(32), quantity: 1 };
    const units = [{ serial: 'CL-9', product: 'sensor' }];
    const log = AUDIT_LOG.name;
    const releaseWith = (...seen: SeenLog[]) => desk.release(releaseOf({ ...batch, units, seen }));
    const old = code('LEDGER_STALE', 'seen');
    await expect(releaseWith({ log, size: size + 1, hash })).rejects.toThrow(old);
    await expect(releaseWith({ log, size, hash: 'ff'.repeat(32) })).rejects.toThrow(old);
    const other = 'certline-audit-fedcba9876543210';
    const ofOther = releaseWith({ log, size, hash }, { log: other, size: 999, hash });
    // Another signer of this ledger, perhaps one that this copy is too old to know.
    await expect(ofOther).rejects.toThrow(old);
    await expect(ofOther).rejects.toThrow(/audit log certline-audit-fedcba9876543210/);
    await expect(ofOther).rejects.toThrow(/registry accept-loss certline-audit-fedcba9876543210$/);
    const signed = signRelease({ ...batch, units, seen: [{ log, size: size + 1, hash }] }, INTAKE.privateKey);
    await expect(desk.release({ ...batch, units, signed })).rejects.toThrow(code('RELEASE_UNSIGNED'));
    await releaseWith({ log, size, hash }, { log: other, size, hash });
  });
});
