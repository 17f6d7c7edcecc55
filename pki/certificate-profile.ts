import type { Product } from '../provisioning/product.ts';
import { PkiError } from './pki-error.ts';

/** X.520 upper bounds of organizationName and commonName, in characters. */
export const MAX_NAME_LENGTH = 64;

/** 802.1AR's and RFC 5280 §4.1.2.5's moment for a certificate without a well-defined end: 99991231235959Z. */
export const NEVER_EXPIRES = new Date('9999-12-31T23:59:59.000Z');

/** A certificate of a device outlives its factory, but not by more than a century. */
const MAX_DAYS = 36_500;

/** What configuration decides of a product's device certificates; the rest is the same for all (RFC 5280 profile). */
export interface CertificateProfile {
  /** Subject O, 1 to 64 characters. For Golioth the project id. */
  readonly organization: string;
  /** Subject CN; `{serial}` stands for the unit's serial and must occur, or two boards would share a name. */
  readonly commonName: string;
  /** Days from issue, or without end. Never beyond the issuer's own end: signing refuses. */
  readonly validity: 'forever' | { readonly days: number };
}

const SERIAL_PLACE = '{serial}';
/** Around the serial: what Azure DPS, AWS IoT and Golioth all take in a name. */
const COMMON_NAME_LITERAL = /^[A-Za-z0-9._:-]*$/;
/** No control characters, and no separators but the space: an O is seen in logs, reports and consoles. */
const PRINTABLE_TEXT = /^(?! )[^\p{C}\p{Zl}\p{Zp}]*(?<! )$/u;

/** True for a text that may stand in a subject. */
export function isPrintableText(text: string): boolean {
  return PRINTABLE_TEXT.test(text);
}

/** The profile of a product, validated. Throws PROFILE_INVALID, naming every fault. */
export function profileOfProduct(
  product: Pick<Product, 'name' | 'organization' | 'validity'>,
): CertificateProfile {
  const { organization, validity } = product;
  return validatedProfile({ organization, commonName: SERIAL_PLACE, validity }, `product ${product.name}`);
}

/** The profile, if it can make certificates; `where` names its source in the error. Throws PROFILE_INVALID. */
export function validatedProfile(profile: CertificateProfile, where: string): CertificateProfile {
  const faults = [
    ...organizationFaults(profile.organization),
    ...commonNameFaults(profile.commonName),
    ...validityFaults(profile.validity),
  ];
  if (faults.length === 0) return profile;
  throw new PkiError(
    'PROFILE_INVALID',
    `The certificate profile of ${where} is wrong: ${faults.join('; ')}.`,
    {
      reason: 'profile',
    },
  );
}

/** The CN of a unit. Throws PROFILE_INVALID when it comes out longer than 64 characters. */
export function commonNameOf(profile: CertificateProfile, serial: string): string {
  const commonName = profile.commonName.replaceAll(SERIAL_PLACE, () => serial);
  if (commonName.length <= MAX_NAME_LENGTH) return commonName;
  throw new PkiError(
    'PROFILE_INVALID',
    `The common name of ${serial} has ${commonName.length} characters, not at most ${MAX_NAME_LENGTH}: shorten its template.`,
    { reason: 'common-name-length' },
  );
}

/** The end of a certificate that begins at `notBefore`. */
export function notAfterOf(profile: CertificateProfile, notBefore: Date): Date {
  if (profile.validity === 'forever') return NEVER_EXPIRES;
  return new Date(notBefore.getTime() + profile.validity.days * 86_400_000);
}

function organizationFaults(organization: unknown): string[] {
  if (typeof organization !== 'string' || organization.length === 0) return ['organization is missing'];
  const length = Array.from(organization).length;
  return [
    ...(length > MAX_NAME_LENGTH
      ? [`organization has ${length} characters, not at most ${MAX_NAME_LENGTH}`]
      : []),
    ...(isPrintableText(organization) ? [] : ['organization has control characters or spaces at an end']),
  ];
}

function commonNameFaults(template: unknown): string[] {
  if (typeof template !== 'string' || !template.includes(SERIAL_PLACE)) return ['commonName lacks {serial}'];
  const literal = template.replaceAll(SERIAL_PLACE, '');
  return COMMON_NAME_LITERAL.test(literal) ? [] : ['commonName has characters beside A-Z a-z 0-9 . _ : -'];
}

function validityFaults(validity: unknown): string[] {
  if (validity === 'forever') return [];
  const days: unknown =
    typeof validity === 'object' && validity !== null && 'days' in validity && validity.days;
  const isCount = typeof days === 'number' && Number.isInteger(days) && days >= 1 && days <= MAX_DAYS;
  return isCount ? [] : [`validity is neither 'forever' nor 1 to ${MAX_DAYS} days`];
}
