import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRegistryActivities } from '../../activities/registry-activities.ts';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import { signEnded } from '../../pki/signing/intake-statements.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import type { EndWord, RevokeCertificateInput } from '../../provisioning/signing.ts';
import { askFor, openDesk, passOf } from '../pki/signing/desk.ts';
import { auditOf } from '../pki/signing/signing-line.ts';
import { INTAKE, registryParts } from '../activities/trust.ts';
import { registration } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { asActivity } from '../signer-load/as-activity.ts';

/** A signer with a delivered unit, CL-1, and a stranger who schedules `revokeCertificate` on its queue. */
async function delivered() {
  const { desk, ledger } = await openDesk();
  const request = askFor('CL-1');
  const certificate = await desk.sign(request, { askedAt: new Date(), now: new Date() });
  const { requestId } = request.statement;
  await desk.activate([passOf(request, certificate)]);
  const activities = createSignerActivities(desk);
  const revoke = (unit: unknown) =>
    asActivity(() => activities.revokeCertificate({ unit, reason: 'mine' } as RevokeCertificateInput));
  return { desk, ledger, requestId, revoke };
}

describe('a stranger who revokes what is about to ship', () => {
  /** The board of CL-1 has its certificate, and its tile may say PASS; no chunk has reported it yet. */
  async function proven() {
    const { desk, ledger } = await openDesk();
    const request = askFor('CL-1');
    const pass = passOf(request, await desk.sign(request, { askedAt: new Date(), now: new Date() }));
    const activities = createSignerActivities(desk);
    const { spkiSha256 } = request.statement;
    const revoke = (word?: EndWord) =>
      asActivity(() =>
        activities.revokeCertificate({
          unit: { batchId: 'b1', serial: 'CL-1', attempt: 1 },
          reason: 'mine',
          ...(word && { ended: word }),
        }),
      );
    const state = async () => (await ledger.issuances.find(pass.requestId))?.state;
    return { desk, pass, spkiSha256, revoke, state };
  }
  const stranger = generateKeyPairSync('ed25519').privateKey;
  const wordOf = (spkiSha256: string, serial = 'CL-1', key = INTAKE.privateKey): EndWord => ({
    spkiSha256,
    signature: signEnded({ batchId: 'b1', serial, spkiSha256 }, key),
  });

  it.each<[string, (key: string) => EndWord | undefined]>([
    ['without the word of an intake', () => undefined],
    ['with his own word', (key) => wordOf(key, 'CL-1', stranger)],
    ['with the word for another unit', (key) => wordOf(key, 'CL-2')],
    ['with the word for a key of before', () => wordOf('ab'.repeat(32))],
    ['with that word and this key', (key) => ({ ...wordOf('ab'.repeat(32)), spkiSha256: key })],
  ])('ends nothing %s, and the unit passes', async (_how, word) => {
    const { desk, pass, spkiSha256, revoke, state } = await proven();
    await revoke(word(spkiSha256));
    expect(await state()).toBe('issued');
    expect(await desk.activate([pass])).toEqual([]);
    expect(await state()).toBe('active');
  });

  it('gets no such word for a unit that has not ended, or has passed', async () => {
    const { revoke, state, spkiSha256 } = await proven();
    await revoke(wordOf(spkiSha256));
    expect(await state()).toBe('revoked');
    const registry = openRegistryFile(join(temporaryFolder(), 'registry.db'));
    const batch = { batchId: 'b1', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    await registry.importBatch({ ...batch, quantity: 1 }, oneRow());
    const activities = createRegistryActivities(registryParts(registry, temporaryFolder()));
    const certificates = [{ requestId: 'r', serial: 'CL-1', attempt: 1, spkiSha256 }];
    const words = async (): Promise<unknown[]> => [
      await asActivity(() => activities.recallUnit({ batchId: 'b1', serial: 'CL-1', endedKey: spkiSha256 })),
      await asActivity(() => activities.judgeCertificates({ batchId: 'b1', certificates })),
    ];
    expect(JSON.stringify(await words())).not.toContain('signature');
    await registry.registerUnit({ ...registration('CL-1'), batchId: 'b1' });
    expect(JSON.stringify(await words())).not.toContain('signature');
  });
});

async function* oneRow() {
  yield { serial: 'CL-1', product: 'sensor', attrs: {} };
}

const unit = (change: object = {}) => ({ batchId: 'b1', serial: 'CL-1', attempt: 1, ...change });

describe('a stranger who revokes what has shipped', () => {
  it.each([1, 2, Number.MAX_SAFE_INTEGER])('is refused, with attempt %s', async (attempt) => {
    const { ledger, requestId, revoke } = await delivered();
    await expect(revoke(unit({ attempt }))).rejects.toMatchObject({
      type: 'WITHDRAWAL_REFUSED',
      nonRetryable: true,
    });
    expect(await ledger.issuances.find(requestId)).toMatchObject({ state: 'active' });
    expect((await auditOf(ledger)).at(-1)!.body).toContain('"request":"revokeCertificate"');
  });

  it.each([
    ['another batch', unit({ batchId: 'b2', serial: 'CL-2' }), 'WITHDRAWAL_REFUSED'],
    ['an attempt as text', unit({ serial: 'CL-2', attempt: '999' }), 'REQUEST_INVALID'],
    ['an attempt beyond all numbers', unit({ serial: 'CL-2', attempt: 1e300 }), 'REQUEST_INVALID'],
    ['nothing', undefined, 'REQUEST_INVALID'],
  ])('is refused with %s', async (_name, input, type) => {
    const { revoke } = await delivered();
    await expect(revoke(input)).rejects.toMatchObject({ type, nonRetryable: true });
  });

  it('cannot keep a serial from being signed: the next attempt stays', async () => {
    const { ledger, revoke } = await delivered();
    await revoke(unit({ serial: 'CL-2', attempt: Number.MAX_SAFE_INTEGER }));
    const withdrawn = (await auditOf(ledger)).at(-1)!.body;
    expect(JSON.parse(withdrawn)).toMatchObject({ event: 'unit-withdrawn', serial: 'CL-2', attempt: 1 });
  });
});
