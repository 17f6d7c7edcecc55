import { describe, expect, it } from 'vitest';
import { describeCertificate } from '../../../pki/lint/certificate-facts.ts';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { sha256Hex } from '../../../pki/x509/p256.ts';
import { PkiError } from '../../../pki/pki-error.ts';
import { OID } from '../../../pki/x509/oids.ts';
import { PROFILE } from '../acme.ts';
import { makeCa } from '../leaf.ts';
import { fileIn, openssl } from '../openssl.ts';
import { RELEASE, signedOrder } from '../orders/signed-orders.ts';
import { auditOf, code, makeLine, openLine, release, requestFor } from './signing-line.ts';
import type { SigningLine } from './signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);

async function lineWith(serials: readonly string[], figures = {}): Promise<SigningLine & { path: string }> {
  const line = makeLine(folder, ca);
  await release(line, serials, figures);
  return line;
}

describe('Issuer.issue', () => {
  it('issues a certificate that openssl verifies and the linter passes', async () => {
    const { issuer } = await lineWith(['ACME-1']);
    const request = requestFor('ACME-1');
    const issued = await issuer.issue(request);
    const path = fileIn(folder, 'issued.der', issued.certificate);
    openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', ca.chainPath, path);
    expect(lintCertificate(issued.certificate, { issuer: ca.facts, signed: true })).toEqual([]);
    const { certificate, ...said } = issued;
    expect(describeCertificate(certificate, ca.chain)).toEqual({
      ...said,
      serial: 'ACME-1',
      commonName: 'ACME-1',
      organization: PROFILE.organization,
      purposes: [OID.clientAuth],
      issuedByUs: true,
    });
    expect(said.certificateSha256).toBe(sha256Hex(certificate));
    expect(Date.parse(said.notBefore)).toBeLessThan(Date.now());
  });

  it('gives the same request the same bytes for ever, with one signature', async () => {
    const line = await lineWith(['ACME-1']);
    const request = requestFor('ACME-1');
    const first = await line.issuer.issue(request);
    expect(await line.issuer.issue(request)).toEqual(first);
    await line.ledger.close();
    const reopened = openLine(line.path, ca);
    expect(await reopened.issuer.issue(request)).toEqual(first);
    expect([line.signer.signatures, reopened.signer.signatures]).toEqual([1, 0]);
  });

  it('gives sixteen at once the same bytes, with one signature', async () => {
    const { issuer, signer } = await lineWith(['ACME-1']);
    const request = requestFor('ACME-1');
    const all = await Promise.all(Array.from({ length: 16 }, () => issuer.issue({ ...request })));
    expect(new Set(all.map(({ certificateSha256 }) => certificateSha256)).size).toBe(1);
    expect(signer.signatures).toBe(1);
  });

  it('gives two processes on one ledger the same bytes, the first stored', async () => {
    const line = await lineWith(['ACME-1']);
    const other = openLine(line.path, ca);
    const request = requestFor('ACME-1');
    const all = await Promise.all([line, other, line, other].map(({ issuer }) => issuer.issue(request)));
    expect(new Set(all.map(({ certificateSha256 }) => certificateSha256)).size).toBe(1);
    const stored = await line.issuer.find(request.requestId);
    expect(sha256Hex(stored!.certificate!)).toBe(all[0]!.certificateSha256);
  });

  it('lets one of two requests of a serial at once win', async () => {
    const { issuer, ledger } = await lineWith(['ACME-1']);
    const requests = [requestFor('ACME-1', { requestId: 'r1' }), requestFor('ACME-1', { requestId: 'r2' })];
    const results = await Promise.allSettled(requests.map((request) => issuer.issue(request)));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toEqual(code('ALREADY_ISSUED'));
    expect((await ledger.issuances.liveIssuance('ACME-1'))?.state).toBe('issued');
  });

  it.each([
    ['CSR', { csr: generateDeviceKey().createCsr({ serial: 'ACME-1' }) }],
    ['board', { boardId: 'another' }],
    ['attempt', { attempt: 2, requestId: 'b1/ACME-1/1' }],
    ['serial', { serial: 'ACME-2' }],
    ['product', { product: 'other' }],
    ['batch', { batchId: 'b2' }],
  ])('refuses the same request id with another %s, under way or done', async (_name, change) => {
    const { issuer, signer } = await lineWith(['ACME-1', 'ACME-2']);
    const request = requestFor('ACME-1');
    const running = issuer.issue(request);
    await expect(issuer.issue({ ...request, ...change })).rejects.toThrow(
      code('REQUEST_CONFLICT', 'contents'),
    );
    await running;
    await expect(issuer.issue({ ...request, ...change })).rejects.toThrow(
      code('REQUEST_CONFLICT', 'contents'),
    );
    expect(signer.signatures).toBe(1);
  });

  it.each([
    ['a serial that is not released', { serial: 'ACME-9' }, 'NOT_RELEASED', 'serial'],
    ['a serial in the wrong case', { serial: 'acme-1' }, 'NOT_RELEASED', 'serial-invalid'],
    ['a serial that injects', { serial: 'ACME-1,O=X' }, 'NOT_RELEASED', 'serial-invalid'],
    ['another batch', { batchId: 'b2' }, 'NOT_RELEASED', 'serial'],
    ['a product without a profile', { product: 'pump' }, 'PROFILE_INVALID', 'product-unknown'],
    ['attempt 0', { attempt: 0 }, 'REQUEST_CONFLICT', 'malformed'],
    ['half an attempt', { attempt: 1.5 }, 'REQUEST_CONFLICT', 'malformed'],
    ['a board id with a line break', { boardId: 'a\nb' }, 'REQUEST_CONFLICT', 'malformed'],
    ['no request id', { requestId: '' }, 'REQUEST_CONFLICT', 'malformed'],
    ['no CSR', { csr: new Uint8Array() }, 'CSR_REFUSED', 'length'],
  ])('refuses %s without a signature or a trace', async (_name, change, refusal, reason) => {
    const { issuer, signer, sql } = await lineWith(['ACME-1']);
    await expect(issuer.issue({ ...requestFor('ACME-1'), ...change })).rejects.toThrow(code(refusal, reason));
    expect(signer.signatures).toBe(0);
    expect(await sql('SELECT * FROM issuance')).toEqual([]);
  });

  it('refuses a released serial of another product', async () => {
    const line = makeLine(folder, ca, { profileOf: () => PROFILE });
    await release(line, ['ACME-1']);
    const refused = line.issuer.issue(requestFor('ACME-1', { product: 'pump' }));
    await expect(refused).rejects.toThrow(code('NOT_RELEASED', 'product'));
  });

  it('refuses a key that was certified before, by any unit', async () => {
    const { issuer, signer } = await lineWith(['ACME-1', 'ACME-2']);
    const request = requestFor('ACME-1');
    await issuer.issue(request);
    const sameUnit = issuer.issue({ ...request, requestId: 'r2', attempt: 2 });
    await expect(sameUnit).rejects.toThrow(code('KEY_REUSED'));
    await expect(issuer.issue(requestFor('ACME-2', { csr: request.csr }))).rejects.toThrow(
      code('KEY_REUSED'),
    );
    expect(signer.signatures).toBe(1);
  });

  it('issues a serial only to the board its manifest names', async () => {
    const line = makeLine(folder, ca);
    await line.ledger.orders.admitOrder(signedOrder());
    await line.ledger.orders.releaseBatch({ ...RELEASE, batchId: 'b1', quantity: 1 });
    const units = [{ serial: 'ACME-1', product: 'sensor', boardId: 'beef' }];
    await line.ledger.orders.releaseSerials({ batchId: 'b1', units });
    await expect(line.issuer.issue(requestFor('ACME-1'))).rejects.toThrow(code('NOT_RELEASED', 'board'));
    await line.issuer.issue(requestFor('ACME-1', { boardId: 'beef' }));
  });

  it('refuses a clock that went back, and one second is no matter', async () => {
    const start = Date.now();
    let now = start;
    const line = makeLine(folder, ca, { now: () => new Date(now) });
    await release(line, ['ACME-1', 'ACME-2']);
    await line.issuer.issue(requestFor('ACME-1'));
    now = start - 6 * 60_000;
    await expect(line.issuer.issue(requestFor('ACME-2'))).rejects.toThrow(code('CLOCK_WRONG'));
    now = start - 1000;
    await line.issuer.issue(requestFor('ACME-2'));
  });
});

describe('attempts', () => {
  it('supersedes the earlier certificate with a higher attempt, also on another board', async () => {
    const { issuer, ledger } = await lineWith(['ACME-1']);
    const first = requestFor('ACME-1');
    await issuer.issue(first);
    const second = requestFor('ACME-1', { attempt: 2, boardId: 'another' });
    const issued = await issuer.issue(second);
    expect((await issuer.find(first.requestId))?.state).toBe('superseded');
    const { certificateSha256, ...live } = issued;
    expect(await ledger.issuances.liveIssuance('ACME-1')).toMatchObject(live);
    expect(certificateSha256).toBe(sha256Hex(live.certificate));
    await expect(issuer.issue(first)).rejects.toThrow(code('CERTIFICATE_WITHDRAWN', 'superseded'));
  });

  it.each([1, 2])('refuses attempt %i with a new key once attempt 2 was made', async (attempt) => {
    const { issuer } = await lineWith(['ACME-1']);
    await issuer.issue(requestFor('ACME-1', { attempt: 2 }));
    const late = requestFor('ACME-1', { attempt, requestId: 'late' });
    await expect(issuer.issue(late)).rejects.toThrow(code('ALREADY_ISSUED'));
  });

  it('counts reissues against a quota of their own', async () => {
    const { issuer, signer, sql, ledger } = await lineWith(['ACME-1', 'ACME-2'], { reissueQuota: 1 });
    await issuer.issue(requestFor('ACME-1'));
    await issuer.issue(requestFor('ACME-1', { attempt: 2 }));
    const third = requestFor('ACME-1', { attempt: 3 });
    await expect(issuer.issue(third)).rejects.toThrow(code('QUOTA_EXCEEDED', 'reissue'));
    expect((await ledger.issuances.liveIssuance('ACME-1'))?.certificate).toBeDefined();
    await issuer.issue(requestFor('ACME-2'));
    expect(signer.signatures).toBe(3);
    expect(await sql('SELECT reserved, reissued FROM batch')).toEqual([{ reserved: 2, reissued: 1 }]);
  });

  it('withholds a certificate whose attempt was superseded while it was signed', async () => {
    const { issuer, signer, ledger } = await lineWith(['ACME-1']);
    let second: Promise<unknown> | undefined;
    signer.tamper = async (signature) => {
      signer.tamper = (plain) => plain;
      second = issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      await second;
      return signature;
    };
    const first = issuer.issue(requestFor('ACME-1'));
    await expect(first).rejects.toThrow(code('CERTIFICATE_WITHDRAWN', 'superseded'));
    await second;
    expect((await ledger.issuances.liveIssuance('ACME-1'))?.attempt).toBe(2);
  });
});

describe('board and serial', () => {
  it('lets another serial take a board whose certificate was never known to be on it', async () => {
    const { issuer, ledger } = await lineWith(['ACME-1', 'ACME-2']);
    const first = requestFor('ACME-1', { boardId: 'beef' });
    await issuer.issue(first);
    await issuer.issue(requestFor('ACME-2', { boardId: 'beef' }));
    const displaced = await issuer.find(first.requestId);
    expect(displaced).toMatchObject({ state: 'superseded', reason: 'board taken by ACME-2' });
    expect(await ledger.issuances.liveIssuance('ACME-1')).toBeUndefined();
    await issuer.issue(requestFor('ACME-1', { attempt: 2 }));
  });

  it('holds board and serial together once the certificate is active, until it is revoked', async () => {
    const { issuer } = await lineWith(['ACME-1', 'ACME-2'], { reissueQuota: 5 });
    const first = requestFor('ACME-1', { boardId: 'beef' });
    await issuer.issue(first);
    await issuer.activate([first.requestId]);
    const thief = requestFor('ACME-2', { boardId: 'beef' });
    await expect(issuer.issue(thief)).rejects.toThrow(code('BOARD_BOUND'));
    const elsewhere = requestFor('ACME-1', { attempt: 2, boardId: 'cafe' });
    await expect(issuer.issue(elsewhere)).rejects.toThrow(code('SERIAL_BOUND'));
    const again = requestFor('ACME-1', { attempt: 2, boardId: 'beef' });
    await expect(issuer.issue(again)).rejects.toThrow(code('ALREADY_ISSUED', 'active'));
    expect((await issuer.find(first.requestId))?.state).toBe('active');
    await issuer.revoke({ serial: 'ACME-1' }, 'cessationOfOperation');
    await issuer.issue(thief);
    await issuer.issue(elsewhere);
  });

  it('activates all that can be, at once, and names the others', async () => {
    const { issuer } = await lineWith(['ACME-1', 'ACME-2']);
    const requests = ['ACME-1', 'ACME-2'].map((serial) => requestFor(serial));
    await Promise.all(requests.map((request) => issuer.issue(request)));
    const ids = requests.map(({ requestId }) => requestId);
    const [known, other] = ids;
    expect(await issuer.activate(['nobody', known!, 'somebody'])).toEqual(['nobody', 'somebody']);
    expect((await issuer.find(known!))?.state).toBe('active');
    expect((await issuer.find(other!))?.state).toBe('issued');
    expect(await issuer.activate(ids)).toEqual([]);
    expect(await issuer.activate(ids)).toEqual([]);
    expect((await issuer.find(other!))?.state).toBe('active');
    expect(await issuer.issue(requests[0]!)).toMatchObject({ spkiSha256: expect.any(String) });
  });
});

describe('a certificate that is revoked', () => {
  it('is revoked once, and neither issued again nor activated', async () => {
    const { issuer, ledger } = await lineWith(['ACME-1', 'ACME-2']);
    const [first, second] = [requestFor('ACME-1'), requestFor('ACME-2')];
    await issuer.issue(first);
    await issuer.issue(second);
    const revoked = await issuer.revoke({ requestId: first.requestId }, 'superseded');
    expect(revoked).toMatchObject({ state: 'revoked', reason: 'superseded' });
    expect(await issuer.revoke({ requestId: first.requestId }, 'keyCompromise')).toEqual(revoked);
    expect((await issuer.revoke({ serial: 'ACME-2' }, 'cessationOfOperation'))?.state).toBe('revoked');
    expect(await issuer.revoke({ serial: 'ACME-2' }, 'cessationOfOperation')).toBeUndefined();
    expect(await issuer.revoke({ requestId: 'nobody' }, 'superseded')).toBeUndefined();
    await expect(issuer.issue(first)).rejects.toThrow(code('CERTIFICATE_WITHDRAWN', 'revoked'));
    expect(await issuer.activate([first.requestId])).toEqual([first.requestId]);
    const entries = await auditOf(ledger);
    const events = entries.filter(({ body }) => body.includes('"revoked"'));
    expect(events).toHaveLength(2);
  });
});

describe('a signer or configuration that is wrong', () => {
  it('withholds a certificate whose signature does not verify, and recovers', async () => {
    const { issuer, signer } = await lineWith(['ACME-1']);
    const request = requestFor('ACME-1');
    signer.tamper = (signature) => signature.with(0, signature[0]! ^ 1);
    await expect(issuer.issue(request)).rejects.toThrow(code('SIGNER_FAULT', 'verification'));
    expect((await issuer.find(request.requestId))?.certificate).toBeUndefined();
    const { tbs } = (await issuer.find(request.requestId))!;
    signer.tamper = (signature) => signature;
    const issued = await issuer.issue(request);
    expect(Buffer.from(issued.certificate).includes(Buffer.from(tbs))).toBe(true);
  });

  it('says that the CA cannot be used when its signer fails, and goes on later', async () => {
    const { issuer, signer } = await lineWith(['ACME-1']);
    const request = requestFor('ACME-1');
    signer.tamper = () => {
      throw new Error('CKR_DEVICE_REMOVED');
    };
    await expect(issuer.issue(request)).rejects.toThrow(code('CA_UNAVAILABLE', 'signer-failed'));
    signer.tamper = () => {
      throw new PkiError('CA_UNAVAILABLE', 'The token is gone.', { reason: 'token' });
    };
    await expect(issuer.issue(request)).rejects.toThrow(code('CA_UNAVAILABLE', 'token'));
    signer.tamper = (signature) => signature;
    await issuer.issue(request);
  });

  it('signs nothing that would break its profile, uses no quota, and goes on once that is fixed', async () => {
    const tooLong = { ...PROFILE, organization: 'O'.repeat(65) };
    let profile = tooLong;
    const { issuer, signer, sql, ledger } = makeLine(folder, ca, { profileOf: () => profile });
    await release({ ledger }, ['ACME-1']);
    const request = requestFor('ACME-1');
    await expect(issuer.issue(request)).rejects.toThrow(code('PROFILE_INVALID', 'lint'));
    expect(signer.signatures).toBe(0);
    expect(await sql('SELECT reserved FROM batch')).toEqual([{ reserved: 0 }]);
    expect(await issuer.find(request.requestId)).toBeUndefined();
    profile = PROFILE;
    await issuer.issue(request);
  });

  it('signs no reservation of another CA', async () => {
    const otherCa = await makeCa(folder);
    const interrupted = makeLine(folder, ca);
    await release(interrupted, ['ACME-1']);
    interrupted.signer.tamper = () => {
      throw new Error('gone');
    };
    const request = requestFor('ACME-1');
    await expect(interrupted.issuer.issue(request)).rejects.toThrow(code('CA_UNAVAILABLE'));
    const { signer, issuer } = openLine(interrupted.path, otherCa);
    await expect(issuer.issue(request)).rejects.toThrow(code('PROFILE_INVALID', 'lint'));
    expect(signer.signatures).toBe(0);
  });
});
