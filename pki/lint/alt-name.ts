import type { SubjectAltName } from '../../provisioning/product.ts';
import { TEMPLATE_BOUNDS } from '../../provisioning/serial-template.ts';
import { extensionOf, oncePerCertificate } from './lint-check.ts';
import type { LintCheck } from './lint-check.ts';
import { oidText } from '../x509/certificate-reader.ts';
import { DER_TAG, DerReader } from '../x509/der-reader.ts';
import { isDeviceUri } from '../profile/device-uri.ts';
import { unitSerialOf } from './names.ts';
import { isObjectIdentifier } from '../x509/object-identifier.ts';
import { GENERAL_NAME_TAG, OID, OTHER_NAME_VALUE_TAG } from '../x509/oids.ts';

/** Visible ASCII: what else a unit's number has, nobody could type. */
const VISIBLE = /^[!-~]+$/;

/** Undefined where there is none. Throws DER_MALFORMED for names of other forms, in another order, or more than one. */
const altNameOf = oncePerCertificate(({ fields }): SubjectAltName | undefined => {
  const extension = extensionOf(fields, OID.subjectAltName);
  return extension && readAltName(extension.value);
});

/** The names beside the subject. */
export const ALT_NAME_CHECKS: readonly LintCheck[] = [
  {
    code: 'subject_alt_name',
    rule: 'no subject alternative name, or one that is not critical, of a URI, a hardware module name, or both in this order (RFC 5280 §4.2.1.6, RFC 4108 §5)',
    holds: (certificate) =>
      extensionOf(certificate.fields, OID.subjectAltName)?.criticalOctet === undefined &&
      textsOf(altNameOf(certificate)).every((text) => VISIBLE.test(text)),
  },
  {
    code: 'subject_alt_name_uri',
    rule: `an absolute URI of at most ${TEMPLATE_BOUNDS.uri} characters with a full host name (RFC 3986, RFC 5280 §4.2.1.6)`,
    holds: (certificate) => {
      const uri = altNameOf(certificate)?.uri;
      return uri === undefined || isDeviceUri(uri);
    },
  },
  {
    code: 'subject_alt_name_hardware',
    rule: `a hardware type of three arcs or more, and a number of at most ${TEMPLATE_BOUNDS.hwSerialNum} characters`,
    holds: (certificate) => {
      const name = altNameOf(certificate)?.hardwareModuleName;
      return (
        name === undefined ||
        (isObjectIdentifier(name.hwType) && name.hwSerialNum.length <= TEMPLATE_BOUNDS.hwSerialNum)
      );
    },
  },
  {
    code: 'subject_alt_name_serial',
    rule: "the unit's serial in each of its names",
    holds: (certificate) =>
      textsOf(altNameOf(certificate)).every((text) => text.includes(unitSerialOf(certificate))),
  },
  {
    code: 'subject_alt_name_expected',
    rule: 'the subject alternative name of the profile, or none if the profile has none',
    holds: (certificate, { expected }) =>
      expected === undefined || sameNames(altNameOf(certificate), expected.subjectAltName),
  },
];

/** The names in the value of the extension. Throws DER_MALFORMED for any form that no profile has. */
export function readAltName(value: Uint8Array): SubjectAltName {
  const outer = new DerReader(value);
  const names = outer.enter(DER_TAG.sequence);
  outer.end();
  const uri = names.optional(GENERAL_NAME_TAG.uri);
  // An empty list is malformed; so is whatever is neither the one form nor the other.
  const other = uri === undefined || !names.atEnd ? names.enter(GENERAL_NAME_TAG.otherName) : undefined;
  names.end();
  return {
    ...(uri !== undefined && { uri: textOf(uri.content) }),
    ...(other !== undefined && { hardwareModuleName: readHardwareName(other) }),
  };
}

function readHardwareName(otherName: DerReader): NonNullable<SubjectAltName['hardwareModuleName']> {
  const typeId = oidText(otherName.expect(DER_TAG.oid).content);
  const wrapped = otherName.enter(OTHER_NAME_VALUE_TAG);
  otherName.end();
  const fields = wrapped.enter(DER_TAG.sequence);
  wrapped.end();
  const hwType = oidText(fields.expect(DER_TAG.oid).content);
  const hwSerialNum = textOf(fields.expect(DER_TAG.octetString).content);
  fields.end();
  // A name of another type becomes a text that no template gives.
  return { hwType, hwSerialNum: typeId === OID.hardwareModuleName ? hwSerialNum : '' };
}

/** One character an octet, so that whatever is not ASCII is not lost. */
function textOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}

function textsOf({ uri, hardwareModuleName }: SubjectAltName = {}): string[] {
  return [uri, hardwareModuleName?.hwSerialNum].filter((text) => text !== undefined);
}

function sameNames(left: SubjectAltName | undefined, right: SubjectAltName | undefined): boolean {
  return (
    (left === undefined) === (right === undefined) &&
    left?.uri === right?.uri &&
    left?.hardwareModuleName?.hwType === right?.hardwareModuleName?.hwType &&
    left?.hardwareModuleName?.hwSerialNum === right?.hardwareModuleName?.hwSerialNum
  );
}
