import { randomFillSync } from 'node:crypto';
import { namesOf, notAfterOf, purposesOf } from '../profile/certificate-profile.ts';
import type { CertificateProfile } from '../profile/certificate-profile.ts';
import type { IssuerFacts } from '../x509/issuer-facts.ts';
import { keyIdentifierOf } from '../x509/p256.ts';
import { subjectAltNameExtension } from './subject-alt-name.ts';
import { buildTbs } from '../x509/tbs-builder.ts';
import { OID } from '../x509/oids.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '../x509/library.ts';
import type { Extension } from '../x509/library.ts';

/** RFC 5280 §4.1.2.2 allows 20 octets; 16 with the top bits fixed leave 126 random ones and a constant length. */
const SERIAL_LENGTH = 16;

/** How far a clock of ours may run ahead of one that checks the certificate. */
const BACKDATE_MS = 3_600_000;

/** What is decided of one certificate before it is built; stored with its reservation and never chosen twice. */
export interface DeviceCertificateTerms {
  readonly serial: string;
  readonly spki: Uint8Array;
  readonly certificateSerial: Uint8Array;
  readonly notBefore: Date;
}

/** A certificate serial number: 16 random octets with 01 as top bits, so positive and never padded. */
export function randomCertificateSerial(): Uint8Array {
  const serial = randomFillSync(new Uint8Array(SERIAL_LENGTH));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** The start of a certificate reserved at `now`: an hour earlier, to the minute, never before its issuer's start. */
export function notBeforeOf(now: Date, issuer: IssuerFacts): Date {
  const backdated = Math.floor((now.getTime() - BACKDATE_MS) / 60_000) * 60_000;
  return new Date(Math.max(backdated, issuer.notBefore.getTime()));
}

/**
 * What every end-entity certificate of ours says of its key: no CA's, signs, for these purposes (OIDs), whose it is.
 */
export function leafExtensions(
  spki: Uint8Array,
  issuer: IssuerFacts,
  purposes: readonly string[],
): Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([...purposes], false),
    new SubjectKeyIdentifierExtension(Buffer.from(keyIdentifierOf(spki)).toString('hex'), false),
    new AuthorityKeyIdentifierExtension(Buffer.from(issuer.keyIdentifier).toString('hex'), false),
  ];
}

/**
 * The to-be-signed part of a device certificate: subject O, serialNumber, CN; a key for TLS; the names beside the
 * subject last, where the profile has any. Throws PROFILE_INVALID for a serial that a name has no room for.
 */
export function buildDeviceTbs(
  terms: DeviceCertificateTerms,
  profile: CertificateProfile,
  issuer: IssuerFacts,
): Promise<Uint8Array> {
  const { commonName, subjectAltName } = namesOf(profile, terms.serial);
  return buildTbs({
    certificateSerial: terms.certificateSerial,
    subject: [
      { [OID.organization]: [{ utf8String: profile.organization }] },
      { [OID.serialNumber]: [{ printableString: terms.serial }] },
      { [OID.commonName]: [{ utf8String: commonName }] },
    ],
    issuer: issuer.subject,
    spki: terms.spki,
    notBefore: terms.notBefore,
    notAfter: notAfterOf(profile, terms.notBefore),
    extensions: [
      ...leafExtensions(
        terms.spki,
        issuer,
        purposesOf(profile).map((purpose) => OID[purpose]),
      ),
      ...(subjectAltName === undefined ? [] : [subjectAltNameExtension(subjectAltName)]),
    ],
  });
}
