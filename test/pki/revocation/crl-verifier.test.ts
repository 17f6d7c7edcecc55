import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificatesIn } from '../../../pki/x509/certificate-file.ts';
import { crlIn } from '../../../pki/x509/crl-file.ts';
import { issueCrl } from '../../../pki/revocation/crl-issuer.ts';
import { readCrl } from '../../../pki/x509/crl-reader.ts';
import { verifyCrl } from '../../../pki/revocation/crl-verifier.ts';
import { DER_TAG, DerReader } from '../../../pki/x509/der-reader.ts';
import { derElement, derInteger, derSequence } from '../../../pki/x509/der-writer.ts';
import { ECDSA_WITH_SHA256, sha256Hex } from '../../../pki/x509/p256.ts';
import { assembleCertificate } from '../../../pki/x509/tbs-builder.ts';
import { hex } from '../lint/certificate-parts.ts';
import { makeCa } from '../leaf.ts';
import { fileIn, openssl } from '../openssl.ts';
import { code, makeLine, release, requestFor } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const other = await makeCa(folder);
const DAY_MS = 86_400_000;
const now = new Date();
const crl = await madeCrl();

/** A list of two: one compromised, one on hold. */
async function madeCrl(): Promise<Uint8Array> {
  const { ledger, issuer } = makeLine(folder, ca);
  await release({ ledger }, ['A-1', 'A-2']);
  for (const serial of ['A-1', 'A-2']) await issuer.issue(requestFor(serial));
  await issuer.revoke({ serial: 'A-1' }, 'keyCompromise');
  await ledger.withdrawals.hold('b1/A-2/1');
  const issued = await issueCrl(ca, ledger.withdrawals, now);
  await ledger.close();
  return issued.crl;
}

const NUMBER = derSequence(hex('0603551d14'), derElement(DER_TAG.octetString, derInteger(7)));
const time = (text: string): Uint8Array => derElement(DER_TAG.utcTime, Buffer.from(text));
const OPEN = [time('260101000000Z'), time('460101000000Z')];
const extensions = (...list: readonly Uint8Array[]): Uint8Array => derElement(0xa0, derSequence(...list));
const reason = (value: Uint8Array): Uint8Array =>
  derSequence(derSequence(hex('0603551d15'), derElement(DER_TAG.octetString, value)));
const entry = (...rest: readonly Uint8Array[]): Uint8Array =>
  derSequence(derInteger(0x4142), time('260102030405Z'), ...rest);

/** A list with these members behind its dates, signed by `signer`. */
async function listWith(members: readonly Uint8Array[], signer = ca, dates = OPEN): Promise<Uint8Array> {
  const head = [derInteger(1), ECDSA_WITH_SHA256, ca.facts.subject];
  const tbs = derSequence(...head, ...dates, ...members);
  return assembleCertificate(tbs, await signer.signer.sign(tbs, { requestId: 'test' }));
}

describe('a revocation list', () => {
  it('tells serial number, time and reason of each entry, as openssl does', async () => {
    const { entries, number, thisUpdate, nextUpdate } = readCrl(crl);
    const text = openssl('crl', '-inform', 'DER', '-in', fileIn(folder, 'a.der', crl), '-noout', '-text');
    const said = [
      ...text.toString().matchAll(/Serial Number: (\w+)\n *Revocation Date: (.*)\n.*\n.*\n *(.*)/g),
    ];
    expect(said).toHaveLength(2);
    const names: Record<string, string> = {
      'Key Compromise': 'keyCompromise',
      'Certificate Hold': 'certificateHold',
    };
    expect(entries).toEqual(
      said.map(([, serial, date, why]) => ({
        certificateSerial: serial!.toLowerCase(),
        revokedAt: new Date(date!),
        reason: names[why!],
      })),
    );
    expect(number).toBe(1);
    expect(nextUpdate.getTime() - thisUpdate.getTime()).toBe(14 * DAY_MS);
  });

  it('that openssl made is read as well: other reasons, and none', async () => {
    const [key, certificate] = [join(folder, 'o.key'), join(folder, 'o.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
    const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-subj', '/CN=Other CA'];
    openssl(...request, '-keyout', key, '-out', certificate, ...usage);
    const index = [
      ['R', '460101000000Z', '260102030405Z', '41', 'unknown', '/CN=a'],
      ['R', '460101000000Z', '260102030406Z,affiliationChanged', '42', 'unknown', '/CN=b'],
    ];
    fileIn(folder, 'index.txt', Buffer.from(`${index.map((row) => row.join('\t')).join('\n')}\n`));
    fileIn(folder, 'number', Buffer.from('2A\n'));
    const section = [
      '[ca]\ndefault_ca=c\n[c]',
      `database=${join(folder, 'index.txt')}`,
      `crlnumber=${join(folder, 'number')}`,
      'default_md=sha256\ndefault_crl_days=30\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n',
    ];
    const config = fileIn(folder, 'ca.cnf', Buffer.from(section.join('\n')));
    const list = join(folder, 'o.crl');
    openssl('ca', '-config', config, '-gencrl', '-keyfile', key, '-cert', certificate, '-out', list);
    const der = openssl('x509', '-in', certificate, '-outform', 'DER');
    const verified = verifyCrl(crlIn(readFileSync(list)), [ca.certificate, der], now);
    expect(verified).toMatchObject({
      number: 0x2a,
      entries: [
        { certificateSerial: '41', reason: 'unspecified', revokedAt: new Date('2026-01-02T03:04:05Z') },
        { certificateSerial: '42', reason: 'affiliationChanged' },
      ],
    });
  });

  it('is believed when a CA of the chain signed it and while it counts', () => {
    const key = sha256Hex(ca.facts.spki);
    expect(verifyCrl(crl, [...other.chain, ...ca.chain], now).issuerKey).toBe(key);
    const last = readCrl(crl).nextUpdate;
    expect(verifyCrl(crl, ca.chain, last).number).toBe(1);
    expect(() => verifyCrl(crl, ca.chain, new Date(last.getTime() + 1))).toThrow(code('CRL_EXPIRED'));
    expect(() => verifyCrl(crl, ca.chain, new Date(now.getTime() - DAY_MS))).toThrow(
      expect.objectContaining({ code: 'CRL_INVALID', reason: 'early' }),
    );
  });

  it('of another CA, or changed, is refused', async () => {
    const reasonOf = (of: string) => expect.objectContaining({ code: 'CRL_INVALID', reason: of });
    expect(() => verifyCrl(crl, other.chain, now)).toThrow(reasonOf('issuer'));
    const forged = await listWith([extensions(NUMBER)], other);
    expect(() => verifyCrl(forged, ca.chain, now)).toThrow(reasonOf('signature'));
    const silent = await makeCa(folder, ({ extensions: all }) => ({
      subject: Buffer.from(ca.facts.subject),
      extensions: all.filter((extension) => !extension.includes(hex('0603551d0f'))),
    }));
    expect(() => verifyCrl(crl, [silent.certificate], now)).toThrow(reasonOf('issuer'));
    expect(verifyCrl(await listWith([extensions(NUMBER)]), ca.chain, now)).toMatchObject({
      number: 7,
      entries: [],
    });
    const renamed = Buffer.from(crl);
    // The algorithm outside of what is signed: ecdsa-with-SHA384.
    renamed[renamed.lastIndexOf(ECDSA_WITH_SHA256) + ECDSA_WITH_SHA256.length - 1] = 3;
    expect(() => verifyCrl(renamed, ca.chain, now)).toThrow(reasonOf('signature'));
  });

  it('with one octet changed is never believed', () => {
    fc.assert(
      fc.property(fc.nat(crl.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(crl, (octet, index) => (index === at ? octet ^ change : octet));
        expect(() => verifyCrl(changed, ca.chain, now)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(?:DER_MALFORMED|CRL_INVALID)$/) }),
        );
      }),
      { numRuns: 300 },
    );
  });

  const critical = (oid: string): Uint8Array =>
    derSequence(hex(oid), hex('0101ff'), derElement(DER_TAG.octetString, derInteger(1)));
  it.each([
    ['no number', [extensions()]],
    ['a list of changes', [extensions(NUMBER, critical('0603551d1b'))]],
    ['a part of a list', [extensions(NUMBER, critical('0603551d1c'))]],
    ["others' certificates", [derSequence(entry(derSequence(critical('0603551d1d')))), extensions(NUMBER)]],
    [
      'a number of nine octets',
      [extensions(derSequence(hex('0603551d14'), hex('040b0209'), hex('7f'.repeat(9))))],
    ],
    ['the number 0', [extensions(derSequence(hex('0603551d14'), hex('0403020100')))]],
    ['a reason that there is not', [derSequence(entry(reason(hex('0a0107')))), extensions(NUMBER)]],
    ['a reason for lists of changes', [derSequence(entry(reason(hex('0a0108')))), extensions(NUMBER)]],
    ['a reason that is a text', [derSequence(entry(reason(hex('0c0131')))), extensions(NUMBER)]],
    ['two reasons in one', [derSequence(entry(reason(hex('0a01010a0101')))), extensions(NUMBER)]],
    [
      'an entry with more behind it',
      [derSequence(entry(reason(hex('0a0101')), derInteger(1))), extensions(NUMBER)],
    ],
    ['an entry without time', [derSequence(derSequence(derInteger(1))), extensions(NUMBER)]],
    ['no extensions', []],
    ['more behind the extensions', [extensions(NUMBER), derInteger(1)]],
  ])('with %s is malformed, though well signed', async (_name, members) => {
    const list = await listWith(members);
    expect(() => verifyCrl(list, ca.chain, now)).toThrow(code('DER_MALFORMED'));
  });

  it('with a number of five octets is refused in words', async () => {
    const number = derSequence(hex('0603551d14'), hex('040702050100000000'));
    const list = await listWith([extensions(number)]);
    expect(() => verifyCrl(list, ca.chain, now)).toThrow('its number is not one from 1 to 2147483647');
  });

  it.each([
    ['no end', [time('260101000000Z')]],
    ['a day that does not exist', [time('260230000000Z'), time('460101000000Z')]],
    ['a time zone', [time('260101000000+0100'), time('460101000000Z')]],
  ])('with %s is malformed', async (_name, dates) => {
    const list = await listWith([extensions(NUMBER)], ca, dates);
    expect(() => verifyCrl(list, ca.chain, now)).toThrow(code('DER_MALFORMED'));
  });

  it.each([
    ['a list', 'X509 CRL', crlIn],
    ['certificates', 'CERTIFICATE', certificatesIn],
  ])('in a file of %s that begins and never ends is soon missed', (_name, label, read) => {
    const file = Buffer.from(`-----BEGIN ${label}-----${'\n'.repeat(2 ** 20)}`);
    expect([read(file)].flat()).toEqual([file]);
  });

  it('is found in DER and in PEM, and noise is malformed and nothing else', () => {
    const path = join(folder, 'list.pem');
    openssl('crl', '-inform', 'DER', '-in', fileIn(folder, 'list.der', crl), '-out', path);
    expect(Buffer.from(crlIn(readFileSync(path)))).toEqual(Buffer.from(crl));
    expect(crlIn(crl)).toBe(crl);
    const seeds = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat(crl.length - 1).map((length) => crl.subarray(0, length)),
    );
    fc.assert(
      fc.property(seeds, (noise) => {
        expect(() => readCrl(crlIn(noise))).toThrow(code('DER_MALFORMED'));
      }),
      { numRuns: 500 },
    );
    // Its own certificate has the same outer form.
    expect(() => readCrl(ca.certificate)).toThrow(code('DER_MALFORMED'));
    expect(new DerReader(crl).next().whole).toHaveLength(crl.length);
  });
});
