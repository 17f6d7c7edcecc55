import type { SubjectAltName } from '../../provisioning/product.ts';
import {
  Extension,
  GeneralName,
  GeneralNames,
  ObjectIdentifier,
  OctetString,
  OtherName,
  Sequence,
} from '../x509/library.ts';
import { OID } from '../x509/oids.ts';

/** The extension with these names, templates filled: the URI first. Never critical, since there is a subject. */
export function subjectAltNameExtension({ uri, hardwareModuleName }: SubjectAltName): Extension {
  const names = [
    ...(uri === undefined ? [] : [new GeneralName({ uniformResourceIdentifier: uri })]),
    ...(hardwareModuleName === undefined ? [] : [hardwareName(hardwareModuleName)]),
  ];
  return new Extension(OID.subjectAltName, false, new GeneralNames(names).rawData);
}

function hardwareName({
  hwType,
  hwSerialNum,
}: NonNullable<SubjectAltName['hardwareModuleName']>): GeneralName {
  const type = new ObjectIdentifier({ value: hwType });
  const number = new OctetString({ valueHex: Uint8Array.from(Buffer.from(hwSerialNum, 'ascii')).buffer });
  const value = new Sequence({ value: [type, number] }).toBER();
  return new GeneralName({ otherName: new OtherName({ typeId: OID.hardwareModuleName, value }) });
}
