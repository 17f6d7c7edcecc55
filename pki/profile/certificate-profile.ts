import type { KeyPurpose, Product, SubjectAltName } from '../../provisioning/product.ts';
import { fillTemplate, TEMPLATE_BOUNDS, tightestTemplate } from '../../provisioning/serial-template.ts';
import type { ExpectedCertificate } from './expected-certificate.ts';
import { PkiError } from '../pki-error.ts';
import { sha256Hex } from '../x509/p256.ts';
import { profileFaults } from './profile-faults.ts';
import type { ProfileFields } from './profile-faults.ts';

/** 802.1AR's and RFC 5280 §4.1.2.5's moment for a certificate without a well-defined end: 99991231235959Z. */
export const NEVER_EXPIRES = new Date('9999-12-31T23:59:59.000Z');

/** What configuration decides of a product's device certificates; the rest is the same for all (RFC 5280 profile). */
export type CertificateProfile = Omit<ProfileFields, 'cloud'>;

/** The names in a unit's certificate. */
interface UnitNames {
  readonly commonName: string;
  readonly subjectAltName: SubjectAltName | undefined;
}

/** The profile of a product, validated. Throws PROFILE_INVALID, naming every fault. */
export function profileOfProduct(product: ProfileFields & Pick<Product, 'name'>): CertificateProfile {
  const { organization, commonName, validity, extendedKeyUsage, subjectAltName } = validated(product);
  return {
    organization,
    commonName,
    validity,
    ...(extendedKeyUsage !== undefined && { extendedKeyUsage }),
    ...(subjectAltName !== undefined && { subjectAltName }),
  };
}

/**
 * SHA-256 over a profile in its one form, lower-case hex: a signed order may name it. Members that are not set are left
 * out, and the purposes of keys are written out, so the digest does not depend on how the configuration is written.
 */
export function profileSha256(profile: CertificateProfile): string {
  const { organization, commonName, validity, subjectAltName } = profile;
  const { uri, hardwareModuleName } = subjectAltName ?? {};
  const module = hardwareModuleName && [hardwareModuleName.hwType, hardwareModuleName.hwSerialNum];
  const days = validity === 'forever' ? null : validity.days;
  const members = [organization, commonName, days, purposesOf(profile), uri ?? null, module ?? null];
  return sha256Hex(Buffer.from(`certline-profile-v1\n${JSON.stringify(members)}\n`));
}

function validated<T extends ProfileFields & Pick<Product, 'name'>>(product: T): T {
  const faults = profileFaults(product).map(({ at, says }) => `${at} ${says}`);
  if (faults.length === 0) return product;
  const message = `The certificate profile of product ${product.name} is not valid: ${faults.join('; ')}.`;
  throw new PkiError('PROFILE_INVALID', message, { reason: 'profile' });
}

/** The names of a unit. Throws PROFILE_INVALID when one of them has no room for its serial. */
export function namesOf(profile: CertificateProfile, serial: string): UnitNames {
  const { name, template, longestSerial } = tightestTemplate(profile);
  if (serial.length > longestSerial) {
    const message = `The serial ${serial} has ${serial.length} characters, but the ${name} ${template} has room for ${longestSerial} of its ${TEMPLATE_BOUNDS[name]}: shorten the template.`;
    throw new PkiError('PROFILE_INVALID', message, { reason: 'name-length' });
  }
  const { commonName, subjectAltName } = profile;
  return {
    commonName: fillTemplate(commonName, serial),
    subjectAltName: subjectAltName && filledNames(subjectAltName, serial),
  };
}

/** What keys of this profile are certified for, always in this order. */
export function purposesOf({ extendedKeyUsage = ['clientAuth'] }: CertificateProfile): readonly KeyPurpose[] {
  return (['clientAuth', 'serverAuth'] as const).filter((purpose) => extendedKeyUsage.includes(purpose));
}

/** The end of a certificate that begins at `notBefore`. */
export function notAfterOf(profile: CertificateProfile, notBefore: Date): Date {
  if (profile.validity === 'forever') return NEVER_EXPIRES;
  return new Date(notBefore.getTime() + profile.validity.days * 86_400_000);
}

/** What a certificate must say by this profile and by what was decided of it alone. Throws as `namesOf`. */
export function expectedOf(
  profile: CertificateProfile,
  decided: Omit<ExpectedCertificate, 'organization' | 'commonName' | 'purposes' | 'subjectAltName'>,
): ExpectedCertificate {
  const { serial, spkiSha256, certificateSerial, notBefore, notAfter } = decided;
  return {
    serial,
    organization: profile.organization,
    ...namesOf(profile, serial),
    purposes: purposesOf(profile),
    spkiSha256,
    certificateSerial,
    notBefore,
    notAfter,
  };
}

function filledNames({ uri, hardwareModuleName }: SubjectAltName, serial: string): SubjectAltName {
  return {
    ...(uri !== undefined && { uri: fillTemplate(uri, serial) }),
    ...(hardwareModuleName !== undefined && {
      hardwareModuleName: {
        hwType: hardwareModuleName.hwType,
        hwSerialNum: fillTemplate(hardwareModuleName.hwSerialNum, serial),
      },
    }),
  };
}
