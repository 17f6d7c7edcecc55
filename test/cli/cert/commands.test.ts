import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pemOf } from '../../../pki/x509/pem.ts';
import { json, newPlace } from '../../support/certline.ts';
import { openLedger } from '../../../line/ledger.ts';
import { issueInto } from '../issued-lot.ts';

interface Linted {
  issuer: string | null;
  certificates: { certificateSha256: string; findings: { code: string; rule: string }[] }[];
}

const codesOf = (linted: unknown): string[][] =>
  (linted as Linted).certificates.map(({ findings }) => findings.map(({ code }) => code));

describe('certline cert lint', () => {
  it('finds nothing in what was issued, DER or PEM, and every defect of what was not', async () => {
    const place = newPlace();
    const [first, second] = await issueInto(place, ['CL-1', 'CL-2']);
    const der = join(place.folder, 'crt.der');
    writeFileSync(der, first!.certificate);
    const good = await place.certline('cert', 'lint', der);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout).toContain(`${first!.certificateSha256}) breaks no rule.`);

    const both = join(place.folder, 'both.pem');
    const broken = Buffer.from(second!.certificate);
    broken[broken.length - 1]! ^= 1;
    writeFileSync(both, pemOf('CERTIFICATE', first!.certificate) + pemOf('CERTIFICATE', broken));
    const mixed = await place.certline('cert', 'lint', both, '--json');
    expect(mixed).toMatchObject({ status: 9, stderr: '' });
    expect(codesOf(json(mixed))).toEqual([[], ['signature']]);

    appendFileSync(der, 'x');
    const trailing = await place.certline('cert', 'lint', der);
    expect(trailing.status).toBe(9);
    expect(trailing.stdout).toMatch(/^der +one certificate in strict DER/m);
  });

  it('judges what another made: by its own issuer, or by none', async () => {
    const place = newPlace();
    const other = join(place.folder, 'other.pem');
    const key = join(place.folder, 'key.pem');
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    execFileSync('openssl', [...request, '-keyout', key, '-out', other, '-subj', '/O=Other/CN=x'], {
      stdio: 'ignore',
    });
    const alone = await place.certline('cert', 'lint', other, '--json');
    expect(alone.status).toBe(9);
    const [codes] = codesOf(json(alone));
    expect(codes).toContain('basic_constraints');
    expect(codes).not.toContain('signature');
    expect((json(alone) as Linted).issuer).toBeNull();

    const [issued] = await issueInto(place, ['CL-1']);
    const ours = join(place.folder, 'crt.der');
    writeFileSync(ours, issued!.certificate);
    const against = await place.certline('cert', 'lint', ours, '--issuer', other, '--json');
    const [foreign] = codesOf(json(against));
    expect(foreign).toEqual(expect.arrayContaining(['signature', 'authority_key_identifier']));
  });

  it('says that there is no such file, and takes noise for what it is', async () => {
    const place = newPlace();
    expect(await place.certline('cert', 'lint', join(place.folder, 'no'))).toMatchObject({ status: 5 });
    const noise = join(place.folder, 'noise');
    writeFileSync(noise, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
    const { status, stdout } = await place.certline('cert', 'lint', noise, '--json');
    expect(status).toBe(9);
    expect(codesOf(JSON.parse(stdout))).toEqual([['der']]);
  });
});

describe('certline cert show', () => {
  it('shows a certificate by unit, by its own serial number, by fingerprint and from a file', async () => {
    const place = newPlace();
    const [issued] = await issueInto(place, ['CL-1']);
    const file = join(place.folder, 'crt.der');
    writeFileSync(file, issued!.certificate);
    const colons = issued!.certificateSha256.toUpperCase().replaceAll(/..(?=.)/g, '$&:');
    for (const which of [
      'cl-1',
      'board-CL-1',
      issued!.certificateSerial,
      issued!.certificateSha256,
      colons,
      file,
    ]) {
      const shown = json(await place.certline('cert', 'show', which, '--json'));
      expect(shown).toMatchObject([
        {
          certificate: { serial: 'CL-1', certificateSha256: issued!.certificateSha256, issuedByUs: true },
          ledger: { state: 'issued', serial: 'CL-1', batchId: 'b1' },
        },
      ]);
    }
    const text = await place.certline('cert', 'show', 'CL-1');
    expect(text.stdout).toMatch(/^Ledger +issued$/m);
    const pem = await place.certline('cert', 'show', 'CL-1', '--pem');
    expect(pem.stdout).toBe(pemOf('CERTIFICATE', issued!.certificate));
  });

  it('shows what a stranger wrote into one without controlling the terminal', async () => {
    const place = newPlace();
    const [key, file] = [join(place.folder, 'k.pem'), join(place.folder, 'c.pem')];
    const subject = '/O=\u001B]0;x\u0007/CN=a\u001B[2J\u202Eb';
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8'];
    execFileSync('openssl', [...made, '-keyout', key, '-out', file, '-subj', subject], { stdio: 'ignore' });
    const { status, stdout } = await place.certline('cert', 'show', file);
    expect(status).toBe(0);
    expect(stdout).toContain('CN=a\\u{1b}[2J\\u{202e}b');
    expect(stdout).not.toMatch(/[^\n\P{C}]/u);
  });

  it('names what it cannot find', async () => {
    const place = newPlace();
    const without = await place.certline('cert', 'show', 'CL-1');
    expect(without).toMatchObject({ status: 5, stdout: '' });
    expect(without.stderr).toContain('There is no ledger');
    await issueInto(place, ['CL-1']);
    expect(await place.certline('cert', 'show', 'CL-2')).toMatchObject({ status: 5, stdout: '' });
    const ours = join(place.state, 'signer', 'ca', 'root.pem');
    const root = await place.certline('cert', 'show', ours);
    expect(root.stdout).toMatch(/^Ledger +does not know it$/m);
  });
});

describe('certline cert revoke, hold and release', () => {
  it('withdraw a certificate, which the next revocation list of the CA says to openssl', async () => {
    const place = newPlace();
    const [issued, other] = await issueInto(place, ['CL-1', 'CL-2']);
    const file = join(place.folder, 'crt.pem');
    const check = async (
      certificate: Uint8Array,
    ): Promise<{ verified: boolean; number: number; entries: number }> => {
      writeFileSync(file, pemOf('CERTIFICATE', certificate));
      const made = json(await place.certline('ca', 'crl', '--json')) as {
        verify: string;
        number: number;
        entries: number;
      };
      const [program, ...args] = made.verify.replace('CERTIFICATE.pem', file).split(' ');
      const { status } = spawnSync(program!, args);
      return { verified: status === 0, number: made.number, entries: made.entries };
    };
    expect(await check(issued!.certificate)).toEqual({ verified: true, number: 1, entries: 0 });
    const held = await place.certline('cert', 'hold', 'cl-1');
    expect(held.stdout).toContain(`${issued!.certificateSerial} of CL-1 is on hold.`);
    expect(await check(issued!.certificate)).toEqual({ verified: false, number: 2, entries: 1 });
    expect(await place.certline('cert', 'release', issued!.certificateSha256)).toMatchObject({ status: 0 });
    expect(await place.certline('cert', 'release', issued!.certificateSha256)).toMatchObject({ status: 6 });
    expect(await check(issued!.certificate)).toEqual({ verified: true, number: 3, entries: 0 });
    for (let time = 0; time < 2; time += 1) {
      const args = ['cert', 'revoke', issued!.certificateSerial, '--reason', 'keyCompromise', '--json'];
      const revoked = json(await place.certline(...args));
      expect(revoked).toMatchObject({ serial: 'CL-1', state: 'revoked', reason: 'keyCompromise' });
    }
    expect(await check(issued!.certificate)).toEqual({ verified: false, number: 4, entries: 1 });
    expect(await check(other!.certificate)).toMatchObject({ verified: true, entries: 1 });
    expect(await place.certline('cert', 'hold', issued!.certificateSerial)).toMatchObject({ status: 6 });
    const ended = await place.certline('cert', 'revoke', 'CL-1', '--reason', 'superseded');
    expect(ended.status).toBe(6);
    expect(ended.stderr).toContain(`${issued!.certificateSerial} (revoked)`);
    expect(await place.certline('cert', 'revoke', 'CL-9', '--reason', 'superseded')).toMatchObject({
      status: 5,
    });
    expect(await place.certline('cert', 'revoke', 'CL-1', '--reason', 'whim')).toMatchObject({ status: 2 });
    expect(await place.certline('cert', 'revoke', 'CL-1')).toMatchObject({ status: 2 });
  });
});

describe('certline cert revoke', () => {
  it('asks before it revokes what may have shipped, says who did it, and raises an alarm at the 21st', async () => {
    const place = newPlace();
    const serials = Array.from({ length: 21 }, (_each, at) => `CL-${at + 1}`);
    await issueInto(place, serials);
    const ledger = await openLedger({ stateFolder: place.state, config: {} }, 'make');
    await ledger.issuances.activate(serials.map((serial) => `b1/${serial}/1`));
    const revoke = (serial: string, ...more: string[]) =>
      place.certline('cert', 'revoke', serial, '--reason', 'keyCompromise', ...more);
    expect(await revoke('CL-1')).toMatchObject({ status: 2 });
    expect(await revoke('CL-1', '--yes', '--by', 'the security engineer')).toMatchObject({ status: 0 });
    for (const serial of serials.slice(1, 20))
      await ledger.issuances.revoke(`b1/${serial}/1`, 'keyCompromise', 'somebody');
    const beyond = await revoke('CL-21', '--yes');
    expect(beyond.status).toBe(6);
    expect(beyond.stderr).toContain('find out who revokes them');
    expect(await revoke('CL-21', '--yes', '--beyond-limit')).toMatchObject({ status: 0 });
    const events: string[] = [];
    for await (const { body } of ledger.auditLog.auditEntries()) events.push(body);
    expect(events.filter((body) => body.includes('"event":"revocation-alarm"'))).toHaveLength(2);
    expect(events.some((body) => body.includes('"by":"the security engineer"'))).toBe(true);
    await ledger.close();
  });
});
