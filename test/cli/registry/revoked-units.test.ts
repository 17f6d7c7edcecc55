import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../../provisioning/certificate-record.ts';
import { gateCsr } from '../../../pki/signing/csr-gate.ts';
import { Issuer } from '../../../pki/signing/issuer.ts';
import { issueCrl } from '../../../pki/revocation/crl-issuer.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import type { UnitRecord } from '../../../registry/registry.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { ensureDemoCa } from '../../../line/ca.ts';
import { crlPath, ledgerPath, registryPath } from '../../../line/state-folder.ts';
import { rowsOf } from '../../registry/record/opened.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';
import { issueInto } from '../issued-lot.ts';

const SERIALS = ['CL-1', 'CL-2'];

async function register(
  place: Place,
  serial: string,
  attempt: number,
  issued: CertificateRecord,
): Promise<void> {
  const ledger = openSqliteLedger(ledgerPath(place.state));
  await ledger.issuances.activate([`b1/${serial}/${attempt}`]);
  await ledger.close();
  const registry = openRegistryFile(registryPath(place.state));
  const times = { startedAt: '2026-01-01T00:00:00.000Z', verifiedAt: '2026-01-01T00:00:00.000Z' };
  const where = { batchId: 'b1', boardId: `board-${serial}`, stationId: 'st-1', socket: 'a' };
  await registry.registerUnit({ ...issued, ...where, ...times, serial, attempt, evidence: {} });
  await registry.close();
}

/** A lot of two that passed, in the ledger and the registry of one host. */
async function passedLot(): Promise<{ place: Place; issued: readonly CertificateRecord[] }> {
  const place = newPlace();
  const issued = await issueInto(place, SERIALS);
  const registry = openRegistryFile(registryPath(place.state));
  const batch = {
    batchId: 'b1',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'ab'.repeat(32),
    quantity: 2,
  };
  await registry.importBatch(batch, rowsOf(SERIALS));
  await registry.close();
  for (const [at, serial] of SERIALS.entries()) await register(place, serial, 1, issued[at]!);
  return { place, issued };
}

async function revoke(place: Place, serial: string): Promise<void> {
  const revoked = await place.certline('cert', 'revoke', serial, '--reason', 'keyCompromise', '--yes');
  expect(revoked).toMatchObject({ status: 0, stderr: '' });
}

/** The second attempt of a unit, with a new key, on its board. */
async function issueAgain({ state }: Place, serial: string): Promise<CertificateRecord> {
  const ledger = openSqliteLedger(ledgerPath(state));
  const profile = { organization: 'certline-test', commonName: '{serial}', validity: 'forever' as const };
  const issuer = new Issuer({
    ca: await ensureDemoCa(state),
    issuances: ledger.issuances,
    profileOf: () => profile,
  });
  const terms = { requestId: `b1/${serial}/2`, batchId: 'b1', product: 'golioth-node', attempt: 2 };
  const csr = await gateCsr(generateDeviceKey().createCsr({ serial }));
  const issued = await issuer.issue({ ...terms, serial, boardId: `board-${serial}`, csr });
  await ledger.close();
  return issued;
}

describe('a certificate that is revoked by hand', () => {
  it('is revoked in the registry of its host, and its unit may have another one', async () => {
    const { place, issued } = await passedLot();
    await revoke(place, 'CL-1');
    const before = await place.certline('audit', 'reconcile', '--json');
    expect(json(before)).toMatchObject({ differences: [{ code: 'registered-but-withdrawn' }] });
    const made = await place.certline('ca', 'crl');
    expect(made.stdout).toMatch(/^Registry +1 newly revoked$/m);
    expect(json(await place.certline('ca', 'crl', '--json'))).toMatchObject({
      number: 2,
      registry: { status: 'applied', ended: 0, unknown: 0 },
    });

    const shown = await place.certline('unit', 'show', 'CL-1');
    expect(shown.stdout).toMatch(/^Outcome +PASS, and its certificate was revoked since \(keyCompromise\)$/m);
    expect(shown.stdout).toMatch(/ revoked \(keyCompromise\) .* UTC +[0-9a-f]{64}$/m);
    expect(await place.certline('unit', 'show', 'CL-1', '--pem')).toMatchObject({ status: 6 });
    expect(json(await place.certline('unit', 'show', 'CL-2', '--json'))).toMatchObject({
      certificates: [{ state: 'active' }],
    });
    const reconciled = await place.certline('audit', 'reconcile');
    expect(reconciled).toMatchObject({ status: 0, stdout: expect.stringContaining('No difference.') });
    expect(reconciled.stdout).toContain('2 registered certificates');

    await register(place, 'CL-1', 2, await issueAgain(place, 'CL-1'));
    const unit = json(await place.certline('unit', 'show', 'CL-1', '--json')) as UnitRecord;
    expect(unit.certificates).toMatchObject([
      { certificateSha256: issued[0]!.certificateSha256, state: 'revoked', reason: 'keyCompromise' },
      { attempt: 2, state: 'active' },
    ]);
    expect((await place.certline('unit', 'show', 'CL-1')).stdout).toMatch(/^Outcome +PASS$/m);
    expect(await place.certline('audit', 'reconcile')).toMatchObject({ status: 0 });
  });

  it('is not revoked in the registry while it is on hold', async () => {
    const { place } = await passedLot();
    await place.certline('cert', 'hold', 'CL-1');
    expect(json(await place.certline('ca', 'crl', '--json'))).toMatchObject({
      entries: 1,
      registry: { ended: 0, unknown: 0 },
    });
    await place.certline('cert', 'release', 'CL-1');
    expect(await place.certline('audit', 'reconcile')).toMatchObject({ status: 0 });
  });
});

/** The registry of a lot on a host of its own, and the newest list and CA certificate of its signer's. */
async function splitLot(): Promise<{ signer: Place; host: Place; list: string; issuer: string }> {
  const { place: signer } = await passedLot();
  const host = newPlace();
  copyFileSync(registryPath(signer.state), registryPath(host.state));
  await revoke(signer, 'CL-1');
  await signer.certline('cert', 'hold', 'CL-2');
  await signer.certline('ca', 'crl');
  const [list, issuer] = [join(host.folder, 'list.pem'), join(host.folder, 'ica.pem')];
  writeFileSync(issuer, (await signer.certline('ca', 'export')).stdout);
  copyFileSync(crlPath(signer.state), list);
  return { signer, host, list, issuer };
}

describe('certline registry apply-crl', () => {
  it('tells a registry on another host, once, and in order', async () => {
    const { signer, host, list, issuer } = await splitLot();
    const apply = ['registry', 'apply-crl', list, '--issuer', issuer];
    const first = await host.certline(...apply);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toMatch(/^Revocation list 1, 2 entries, valid until .* UTC\.$/m);
    expect(first.stdout).toContain('1 certificate that was valid is now revoked.');
    expect(first.stdout).toContain('1 on hold: not revoked.');
    const state = async (serial: string): Promise<string> =>
      (json(await host.certline('unit', 'show', serial, '--json')) as UnitRecord).certificates[0]!.state;
    expect([await state('CL-1'), await state('CL-2')]).toEqual(['revoked', 'active']);
    expect(json(await host.certline(...apply, '--json'))).toMatchObject({ ended: 0, unknown: 0, onHold: 1 });

    const old = readFileSync(list);
    await issueInto(signer, ['CL-3']);
    await revoke(signer, 'CL-3');
    await signer.certline('ca', 'crl');
    // A host with the signer's chain needs no --issuer.
    host.configure({ inbox: host.inbox, products: [PRODUCT], issuersFile: issuer });
    copyFileSync(crlPath(signer.state), list);
    const second = await host.certline('registry', 'apply-crl', list, '--json');
    expect(json(second)).toMatchObject({ number: 2, ended: 0, unknown: 1 });
    writeFileSync(list, old);
    const older = await host.certline('registry', 'apply-crl', list);
    expect(older).toMatchObject({ status: 6, stdout: '' });
    expect(older.stderr).toMatch(/^certline: The revocation list 1 is older than 2, .*\n$/);
  });

  it('refuses what it cannot believe, with one sentence, and leaves the registry as it was', async () => {
    const { signer, host, list, issuer } = await splitLot();
    const before = readFileSync(registryPath(host.state));
    const refusal = async (file: string, ...more: string[]): Promise<{ status: number; stderr: string }> => {
      const { status, stdout, stderr } = await host.certline('registry', 'apply-crl', file, ...more);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^certline: .*\n$/);
      return { status, stderr };
    };
    const at = (name: string, content: Uint8Array | string): string => {
      const path = join(host.folder, name);
      writeFileSync(path, content);
      return path;
    };
    expect(await refusal(join(host.folder, 'no'))).toMatchObject({ status: 5 });
    expect(await refusal(list)).toMatchObject({ status: 30, stderr: expect.stringContaining('--issuer') });
    expect(await refusal(list, '--issuer', at('text', 'a text'))).toMatchObject({ status: 2 });
    expect(await refusal(issuer, '--issuer', issuer)).toMatchObject({ status: 6 });
    expect(await refusal(at('noise', Buffer.alloc(5000, 'x')), '--issuer', issuer)).toMatchObject({
      status: 6,
    });
    const other = newPlace();
    await issueInto(other, ['CL-1']);
    const foreign = at('foreign.pem', (await other.certline('ca', 'export')).stdout);
    expect((await refusal(list, '--issuer', foreign)).stderr).toContain('another CA made it');

    const ca = await ensureDemoCa(signer.state);
    const ledger = openSqliteLedger(ledgerPath(signer.state));
    const { crl } = await issueCrl(ca, ledger.withdrawals, new Date(Date.now() - 15 * 86_400_000));
    await ledger.close();
    const expired = await refusal(at('expired.der', crl), '--issuer', issuer);
    expect(expired).toMatchObject({
      status: 6,
      stderr: expect.stringMatching(/was valid until .*fetch the newest/),
    });
    crl[crl.length - 1]! ^= 1;
    expect((await refusal(at('forged.der', crl), '--issuer', issuer)).stderr).toContain(
      'the signature of its CA does not verify',
    );
    expect(readFileSync(registryPath(host.state))).toEqual(before);

    const empty = newPlace();
    mkdirSync(dirname(registryPath(empty.state)), { recursive: true });
    expect(await empty.certline('registry', 'apply-crl', list, '--issuer', issuer)).toMatchObject({
      status: 5,
      stderr: expect.stringContaining('There is no registry'),
    });
  });
});
