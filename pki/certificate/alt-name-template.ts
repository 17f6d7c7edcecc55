import type { SubjectAltName } from '../../provisioning/product.ts';
import { DER_TAG, DerReader } from '../x509/der-reader.ts';
import { derElement, derSequence } from '../x509/der-writer.ts';
import { GENERAL_NAME_TAG, OTHER_NAME_VALUE_TAG } from '../x509/oids.ts';

/** The parts of a subject alternative name that no serial changes, as the library encoded them, all whole elements. */
interface ConstantParts {
  readonly extensionId: Uint8Array;
  /** Of the hardware module name, where there is one. */
  readonly typeId?: Uint8Array;
  readonly hwType?: Uint8Array;
}

/** Makes the subject alternative names of a profile from one, a whole extension, that the library made. */
export class AltNameTemplate {
  readonly #parts: ConstantParts;

  constructor(sample: Uint8Array) {
    const extension = new DerReader(sample).enter(DER_TAG.sequence);
    const extensionId = extension.expect(DER_TAG.oid).whole;
    const names = new DerReader(extension.expect(DER_TAG.octetString).content).enter(DER_TAG.sequence);
    names.optional(GENERAL_NAME_TAG.uri);
    this.#parts = names.atEnd
      ? { extensionId }
      : { extensionId, ...hardwareParts(names.enter(GENERAL_NAME_TAG.otherName)) };
  }

  /** The whole extension with these names, which the profile of the sample has too. */
  extensionOf({ uri, hardwareModuleName }: SubjectAltName): Uint8Array {
    const names = [
      ...(uri === undefined ? [] : [derElement(GENERAL_NAME_TAG.uri, Buffer.from(uri))]),
      ...(hardwareModuleName === undefined ? [] : [this.#hardwareName(hardwareModuleName.hwSerialNum)]),
    ];
    return derSequence(this.#parts.extensionId, derElement(DER_TAG.octetString, derSequence(...names)));
  }

  #hardwareName(hwSerialNum: string): Uint8Array {
    const { typeId, hwType } = this.#parts;
    const number = derElement(DER_TAG.octetString, Buffer.from(hwSerialNum));
    const value = derElement(OTHER_NAME_VALUE_TAG, derSequence(hwType!, number));
    return derElement(GENERAL_NAME_TAG.otherName, typeId!, value);
  }
}

function hardwareParts(otherName: DerReader): Pick<ConstantParts, 'typeId' | 'hwType'> {
  const typeId = otherName.expect(DER_TAG.oid).whole;
  const value = otherName.enter(OTHER_NAME_VALUE_TAG).enter(DER_TAG.sequence);
  return { typeId, hwType: value.expect(DER_TAG.oid).whole };
}
