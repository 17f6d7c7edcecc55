import type { Product } from '../../provisioning/product.ts';
import { fillTemplate, SERIAL_PLACE, TEMPLATE_BOUNDS } from '../../provisioning/serial-template.ts';
import { altNameFaults } from './alt-name-faults.ts';
import { cloudFaults } from './cloud-rules.ts';
import { templateFaults } from './template-faults.ts';
import type { ProfileFault } from './template-faults.ts';

/** X.520 upper bounds of organizationName and commonName, in characters. */
export const MAX_NAME_LENGTH = 64;

/** A certificate of a device outlives its factory, but not by more than a century. */
const MAX_DAYS = 36_500;

/** Around the serial: what at least one of Azure DPS, AWS IoT and Golioth takes in a name. */
const COMMON_NAME_LITERAL = /^[A-Za-z0-9._:-]*$/;
/** No control characters, and no separators but the space: an O is seen in logs, reports and consoles. */
const PRINTABLE_TEXT = /^(?! )[^\p{C}\p{Zl}\p{Zp}]*(?<! )$/u;

/** The fields of a product that decide what its certificates say. */
export type ProfileFields = Pick<
  Product,
  'organization' | 'commonName' | 'validity' | 'extendedKeyUsage' | 'subjectAltName' | 'cloud'
>;

/** True for a text that a subject may have. */
export function isPrintableText(text: string): boolean {
  return PRINTABLE_TEXT.test(text);
}

/** Everything wrong with a profile that shows without a CA. */
export function profileFaults(profile: ProfileFields): ProfileFault[] {
  const names = [...organizationFaults(profile.organization), ...commonNameFaults(profile.commonName)];
  return [
    ...names,
    // A cloud's rule would only say again, less exactly, what is wrong in any case.
    ...(names.length === 0 ? cloudFaults(profile) : []),
    ...validityFaults(profile.validity),
    ...purposeFaults(profile.extendedKeyUsage),
    ...altNameFaults(profile.subjectAltName),
  ];
}

function organizationFaults(organization: unknown): ProfileFault[] {
  const at = 'organization';
  if (typeof organization !== 'string' || organization.length === 0) return [{ at, says: 'is missing' }];
  const length = Array.from(organization).length;
  return [
    ...(length > MAX_NAME_LENGTH
      ? [{ at, says: `has ${length} characters, not at most ${MAX_NAME_LENGTH}` }]
      : []),
    ...(isPrintableText(organization)
      ? []
      : [{ at, says: 'has control characters, or spaces at an end: remove them' }]),
  ];
}

function commonNameFaults(template: unknown): ProfileFault[] {
  const at = 'commonName';
  if (typeof template !== 'string') return [{ at, says: `lacks ${SERIAL_PLACE}` }];
  const faults = templateFaults(at, template, TEMPLATE_BOUNDS.commonName);
  if (faults.length > 0 || COMMON_NAME_LITERAL.test(fillTemplate(template, ''))) return faults;
  return [{ at, says: `has characters other than A-Z a-z 0-9 . _ : - around ${SERIAL_PLACE}` }];
}

function validityFaults(validity: unknown): ProfileFault[] {
  if (validity === 'forever') return [];
  const days: unknown =
    typeof validity === 'object' && validity !== null && 'days' in validity && validity.days;
  const isCount = typeof days === 'number' && Number.isInteger(days) && days >= 1 && days <= MAX_DAYS;
  const says = `is neither "forever" nor {"days": …} with 1 to ${MAX_DAYS} days`;
  return isCount ? [] : [{ at: 'validity', says }];
}

function purposeFaults(purposes: ProfileFields['extendedKeyUsage']): ProfileFault[] {
  if (purposes === undefined) return [];
  const isRight = purposes.includes('clientAuth') && new Set(purposes).size === purposes.length;
  const says =
    'is neither ["clientAuth"] nor ["clientAuth", "serverAuth"]: clouds refuse a device certificate without clientAuth';
  return isRight ? [] : [{ at: 'extendedKeyUsage', says }];
}
