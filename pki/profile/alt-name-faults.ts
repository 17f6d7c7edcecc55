import type { SubjectAltName } from '../../provisioning/product.ts';
import { fillTemplate, SERIAL_PLACE, TEMPLATE_BOUNDS } from '../../provisioning/serial-template.ts';
import { isDeviceUri } from './device-uri.ts';
import { isObjectIdentifier } from '../x509/object-identifier.ts';
import { templateFaults } from './template-faults.ts';
import type { ProfileFault } from './template-faults.ts';

/** Visible ASCII but braces. */
const HARDWARE_SERIAL_LITERAL = /^[!-z|~]*$/;
/** The serial in the scheme or the host of a URI. */
const SERIAL_BEFORE_PATH = /^(?:[^:]*|[^:]+:\/\/[^/?#]*)\{serial\}/;

/** What is wrong with the names beside the subject. */
export function altNameFaults(names: SubjectAltName | undefined): ProfileFault[] {
  if (names === undefined) return [];
  const { uri, hardwareModuleName } = names;
  if (uri === undefined && hardwareModuleName === undefined) {
    const says = 'is empty: give it a uri or a hardwareModuleName, or remove it';
    return [{ at: 'subjectAltName', says }];
  }
  return [
    ...(uri === undefined ? [] : uriFaults(uri)),
    ...(hardwareModuleName === undefined ? [] : hardwareFaults(hardwareModuleName)),
  ];
}

function uriFaults(template: string): ProfileFault[] {
  const at = 'subjectAltName.uri';
  const faults = templateFaults(at, template, TEMPLATE_BOUNDS.uri);
  if (faults.length > 0) return faults;
  if (SERIAL_BEFORE_PATH.test(template))
    return [{ at, says: `has ${SERIAL_PLACE} in its scheme or host: put it into the path` }];
  // Z is no hexadecimal digit, as other serials are not, so that none may complete an escape.
  if (isDeviceUri(fillTemplate(template, 'Z'))) return [];
  const says =
    'is not an absolute URI, or its host name is not a full one: write it as "urn:dev:ops:32473-{serial}" or "https://example.com/{serial}"';
  return [{ at, says }];
}

function hardwareFaults({
  hwType,
  hwSerialNum,
}: NonNullable<SubjectAltName['hardwareModuleName']>): ProfileFault[] {
  const [type, number] = ['hwType', 'hwSerialNum'].map((name) => `subjectAltName.hardwareModuleName.${name}`);
  const faults = templateFaults(number!, hwSerialNum, TEMPLATE_BOUNDS.hwSerialNum);
  const isVisible = HARDWARE_SERIAL_LITERAL.test(fillTemplate(hwSerialNum, ''));
  const noIdentifier =
    'is not an object identifier with dots: use one below your own enterprise number, for example "1.3.6.1.4.1.32473.1"';
  return [
    ...(isObjectIdentifier(hwType) ? [] : [{ at: type!, says: noIdentifier }]),
    ...(faults.length > 0 || isVisible
      ? faults
      : [{ at: number!, says: 'has spaces, braces or characters outside ASCII: remove them' }]),
  ];
}
