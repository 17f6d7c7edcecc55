import { generateKeyPairSync } from 'node:crypto';
import { tightestTemplate } from '../../provisioning/serial-template.ts';
import { expectedOf, notAfterOf } from '../profile/certificate-profile.ts';
import type { CertificateProfile } from '../profile/certificate-profile.ts';
import { lintCertificate } from '../lint/certificate-linter.ts';
import type { LintFinding } from '../lint/certificate-linter.ts';
import { notBeforeOf, randomCertificateSerial } from '../certificate/device-certificate.ts';
import { DeviceTbsTemplate } from '../certificate/device-tbs-template.ts';
import type { IssuerFacts } from '../x509/issuer-facts.ts';
import { FIELD_LENGTH, sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import { assembleCertificate } from '../x509/tbs-builder.ts';

const DAY_MS = 86_400_000;

/** In the place of a signature: two integers with a high first bit, which take the most octets that one can take. */
const LONGEST_SIGNATURE = new Uint8Array(2 * FIELD_LENGTH).fill(0x80);

/** A profile, and the CA that is to certify by it at a moment. */
interface Trial {
  readonly profile: CertificateProfile;
  readonly issuer: IssuerFacts;
  readonly now: Date;
}

/**
 * Checks what the configuration alone does not show: makes samples of a product's certificates under this CA, for keys
 * that are thrown away and the shortest and the longest serial, and lints them as the signer would. The CA's key does
 * not sign them: such a sample would be a valid certificate. Throws PROFILE_INVALID.
 */
export async function trySample(product: string, trial: Trial): Promise<void> {
  const { longestSerial } = tightestTemplate(trial.profile);
  for (const serial of ['A', 'A'.repeat(longestSerial)]) {
    const findings = await lintSample(trial, serial);
    if (findings.length === 0) continue;
    const faults = findings.map((finding) => faultOf(finding, trial));
    const message = `The CA cannot certify product ${product} with its configuration: ${faults.join('; ')}.`;
    throw new PkiError('PROFILE_INVALID', message, { reason: 'sample' });
  }
}

async function lintSample({ profile, issuer, now }: Trial, serial: string): Promise<LintFinding[]> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const certificateSerial = randomCertificateSerial();
  const notBefore = notBeforeOf(now, issuer);
  const template = await DeviceTbsTemplate.make(profile, issuer);
  const tbs = template.tbsOf({ serial, spki, certificateSerial, notBefore });
  const expected = expectedOf(profile, {
    serial,
    spkiSha256: sha256Hex(spki),
    certificateSerial: Buffer.from(certificateSerial).toString('hex'),
    notBefore: notBefore.toISOString(),
    notAfter: notAfterOf(profile, notBefore).toISOString(),
  });
  return lintCertificate(assembleCertificate(tbs, LONGEST_SIGNATURE), { issuer, expected, now });
}

function faultOf({ code, rule }: LintFinding, trial: Trial): string {
  switch (code) {
    case 'time_nested':
      return nestingFault(trial);
    case 'extended_key_usage_nested':
      return 'this CA may certify only TLS clients, so take serverAuth out of extendedKeyUsage, or use a CA that may certify both';
    case 'size':
      return 'with the longest serial its certificates are too large for small devices, so shorten organization, commonName or subjectAltName';
    default:
      return `its certificates break the rule ${code} (expected: ${rule})`;
  }
}

function nestingFault({ profile, issuer, now }: Trial): string {
  const days = Math.floor((issuer.notAfter.getTime() - notBeforeOf(now, issuer).getTime()) / DAY_MS);
  const ends = profile.validity === 'forever' ? 'never end' : `end after ${profile.validity.days} days`;
  const remedy =
    days > 0
      ? `set validity to {"days": ${days}} or less, or use a CA that is valid for longer`
      : 'create a new CA';
  return `its certificates would ${ends}, but the CA expires on ${issuer.notAfter.toISOString().slice(0, 10)}: ${remedy}`;
}
